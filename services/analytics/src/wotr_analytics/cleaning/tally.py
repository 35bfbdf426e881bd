"""What a clean-up found and did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts of one kind of things; `finished` is False where time was up before the end."""

    found: int = 0
    removed: int = 0
    failed: int = 0
    finished: bool = True
