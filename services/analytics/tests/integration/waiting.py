"""Waiting for what happens behind a queue."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 60.0


def eventually(look: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """What `look` finds once it `holds`; AssertionError with the last finding when patience ends."""
    end = time.monotonic() + PATIENCE_S
    while not holds(found := look()):
        assert time.monotonic() < end, f"still {found!r} after {PATIENCE_S:.0f} s"
        time.sleep(0.2)
    return found
