"""Where a running server keeps its files, and who may use them.

``<home>/run/<id>`` is one server's temporary directory and goes away with it; one that a killed
server left behind is removed by the next start. ``<home>/state``, or one of another name, is kept
between runs and has one user at a time. Both are guarded by locks that the server inherits.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.locks import try_lock

_LOCK = "lock"
_PORT = "port"


@dataclass(frozen=True)
class Workspace:
    """The directories of one server. ``state`` is None when nothing is kept."""

    temporary: Path
    state: Path | None
    locks: tuple[int, ...]

    @property
    def kept(self) -> Path:
        """Where to put what must last as long as the state does."""
        return self.state or self.temporary

    def last_port(self) -> int | None:
        """Return the port that the kept state was made on: queue URLs in it name that port."""
        if self.state is None or not (self.state / _PORT).exists():
            return None
        return int((self.state / _PORT).read_text(encoding="utf-8"))

    def remember_port(self, port: int) -> None:
        """Note the port beside the kept state."""
        if self.state is not None:
            (self.state / _PORT).write_text(str(port), encoding="utf-8")

    def release(self) -> None:
        """Remove the temporary directory and let others use the state."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        for descriptor in self.locks:
            os.close(descriptor)


def claim(home: Path, *, persist: bool, name: str = "state") -> Workspace:
    """Make a temporary directory under ``home``; with ``persist``, take hold of the kept state ``name``."""
    runs = home / "run"
    runs.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(runs)
    locks: list[int] = []
    state = None
    if persist:
        state = home / name
        state.mkdir(exist_ok=True)
        held = try_lock(state / _LOCK)
        if held is None:
            raise LocalCloudError(
                f"another local cloud is using {state}: stop it, or start this one without its state"
            )
        locks.append(held)
    temporary = runs / secrets.token_hex(4)
    temporary.mkdir(mode=0o700)
    held = try_lock(temporary / _LOCK)
    assert held is not None, "a directory made a moment ago is nobody else's"
    return Workspace(temporary, state, (*locks, held))


def _remove_abandoned(runs: Path) -> None:
    for directory in runs.iterdir():
        if not (directory / _LOCK).exists():
            continue  # being made this very moment
        held = try_lock(directory / _LOCK)
        if held is not None:
            shutil.rmtree(directory, ignore_errors=True)
            os.close(held)
