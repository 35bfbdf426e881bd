"""What waits until the server answers, such as ending what its stop cut off (used by gap modules)."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable

_PAUSE_SECONDS = 0.05

_log = logging.getLogger("localcloud")


def afterwards(duty: Callable[[], None]) -> None:
    """Call ``duty`` once, on a thread of its own, when the whole state is there and the server answers."""

    def run() -> None:
        while not _answers():
            time.sleep(_PAUSE_SECONDS)
        try:
            duty()
        except Exception:  # noqa: BLE001 - nobody waits for it; the log says what failed
            _log.exception("%r failed", duty)

    threading.Thread(target=run, daemon=True, name="localcloud-startup").start()


def _answers() -> bool:
    """It listens when it has taken its state back, and not before."""
    try:
        with socket.create_connection(("127.0.0.1", int(os.environ["GATEWAY_PORT"])), timeout=1):
            return True
    except OSError:
        return False
