"""Where the browser comes back to: an address of this machine, for one visit (RFC 8252, section 7.3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

from stage_client import StageError

LOOPBACK = ("localhost", "127.0.0.1")
DONE = "<!DOCTYPE html><title>wotr</title><p>You can close this window and go back to the terminal."


def address(callbacks: Sequence[str]) -> str:
    """The first of the configured addresses that this machine can answer; StageError where there is none."""
    for callback in callbacks:
        parts = urlsplit(callback)
        if parts.scheme == "http" and parts.hostname in LOOPBACK and parts.port:
            return callback
    named = ", ".join(callbacks) or "none"
    raise StageError(f"the stage sends nobody to this machine (CallbackUrls: {named}); use a dev stage")


class Listener:
    """Waits for the browser."""

    def __init__(self, home: str) -> None:
        self._home = urlsplit(home)
        self._came = threading.Event()
        self._callback = ""

    def callback(self, patience_s: float) -> str:
        """The address that the browser came with; StageError where it did not come in time."""
        if not self._came.wait(patience_s):
            raise StageError(f"the browser did not come back within {patience_s:.0f} s; run it again")
        return self._callback

    def take(self, target: str) -> bool:
        """Take the first visit of the callback's path; anything else, such as an icon, is none."""
        if urlsplit(target).path != self._home.path or self._came.is_set():
            return False
        self._callback = f"{self._home.scheme}://{self._home.netloc}{target}"
        self._came.set()
        return True


@contextmanager
def listening(home: str) -> Iterator[Listener]:
    """A listener at `home`, which must be one of this machine's addresses; StageError where it is taken."""
    listener, port = Listener(home), urlsplit(home).port or 80

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            taken = listener.take(self.path)
            self.send_response(200 if taken else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(DONE.encode() if taken else b"")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: the address has the code in it."""

    try:
        server = HTTPServer(("127.0.0.1", port), Door)
    except OSError as error:
        raise StageError(f"port {port} of this machine is taken ({error}); end what listens there") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
