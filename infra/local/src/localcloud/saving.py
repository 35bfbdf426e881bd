"""Saving the state to the end, whatever still happens in the server (used by the launcher)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

GetState = Callable[[], Any]

_TRIES = 40
_PAUSE_SECONDS = 0.05

# Held while the state is being saved.
in_progress = threading.Lock()
# Set when the server begins to end: what breaks off from here on goes on at the next start.
ending = threading.Event()
# Set when the state is saved, which it is only where it is kept.
saved = threading.Event()


def patiently(save_all: Callable[[Mapping[str, GetState]], None]) -> Callable[[Mapping[str, GetState]], None]:
    """Wrap MiniStack's ``save_all``, which leaves out a service that changes while it is copied."""

    def save(services: Mapping[str, GetState]) -> None:
        with in_progress:
            save_all({name: _settled(get_state) for name, get_state in services.items()})
        saved.set()

    return save


def _settled(get_state: GetState) -> GetState:
    """Copy again where a thread that still runs has changed a dictionary meanwhile."""

    def get() -> Any:
        for _ in range(_TRIES):
            try:
                return get_state()
            except RuntimeError:
                time.sleep(_PAUSE_SECONDS)
        return get_state()

    return get
