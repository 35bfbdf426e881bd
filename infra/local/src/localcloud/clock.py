"""Duties that come round again while the server runs (used by gap modules, inside the server)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

Duty = Callable[[], None]

_log = logging.getLogger("localcloud")
_duties: list[tuple[float, Duty]] = []


def every(seconds: float, duty: Duty) -> None:
    """Call ``duty`` again and again, ``seconds`` after it came back, in one thread with all other duties."""
    _duties.append((seconds, duty))
    if len(_duties) == 1:
        threading.Thread(target=_run, daemon=True, name="localcloud-clock").start()


def _run() -> None:
    due: dict[int, float] = {}
    while True:
        now = time.monotonic()
        for number, (seconds, duty) in enumerate(_duties):
            if due.setdefault(number, now + seconds) <= now:
                _perform(duty)
                due[number] = time.monotonic() + seconds
        time.sleep(max(0.01, min(due.values()) - time.monotonic()))


def _perform(duty: Duty) -> None:
    try:
        duty()
    except Exception:  # noqa: BLE001 - the others must go on, and the log says what failed
        _log.exception("%s failed and will be tried again", duty.__qualname__)
