"""TLS in front of a PostgreSQL server that has none, in the way that the protocol asks for it.

(PostgreSQL documentation, "Message Flow", "SSL Session Encryption": eight bytes ask, an S agrees.)
"""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_ASKS = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


@dataclass(frozen=True)
class Authority:
    """A certificate of its own authority for this machine, with its key, as PEM files."""

    certificate: Path
    key: Path

    @classmethod
    def make(cls, place: Path) -> Authority:
        """A new one, good for an hour."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PostgreSQL of a test")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        found = cls(place / "ca.pem", place / "key.pem")
        found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        found.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        place.chmod(0o755)  # a client may be another user
        found.key.chmod(0o600)
        return found


class TlsFront:
    """Listens on `port` and passes on to `backend`; who does not ask for TLS is turned away."""

    def __init__(self, authority: Authority, backend: int) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate, authority.key)

        class Client(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                if self.request.recv(len(_ASKS), socket.MSG_WAITALL) != _ASKS:
                    return
                self.request.sendall(b"S")
                with (
                    suppress(OSError),
                    context.wrap_socket(self.request, server_side=True) as client,
                    socket.create_connection(("127.0.0.1", backend)) as server,
                ):
                    _relay(client, server)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Client)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _relay(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Pass on both ways until one side ends; in one thread, because a TLS connection is not for two."""
    other: dict[socket.socket, socket.socket] = {client: server, server: client}
    while True:
        ready = [client] if client.pending() else select.select(list(other), [], [])[0]
        for giver in ready:
            data = giver.recv(65536)
            if not data:
                return
            other[giver].sendall(data)
