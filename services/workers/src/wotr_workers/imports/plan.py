"""What is to be written for a batch of rows, beside what is stored. Plain functions, no AWS.

Each stored item names the rows that made and last changed it, so that an import which was interrupted plans
and counts the same when it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from wotr_workers.imports.provenance import Scope
from wotr_workers.imports.world import World
from wotr_workers.store import Write
from wotr_workers.texts.rows import SetAside


class Fate(Enum):
    """What became of a row that was not set aside."""

    NEW = "stored by this import"
    KNOWN = "stored already"
    CHANGED = "stored already, with other content"
    LINKED = "stored already, as another source's"


Outcome = Fate | SetAside


@dataclass(frozen=True, slots=True)
class Unit:
    """Writes that belong together, the lines that they come from, and what becomes of each of these."""

    lines: Sequence[int]
    outcomes: Sequence[Outcome]
    writes: Sequence[Write] = ()


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans for one batch: each sees the ones before it done. `now` is the time of their versions."""

    scope: Scope
    world: World
    now: datetime
    said: dict[str, tuple[str, int]] = field(default_factory=dict)  # content and line, by identity

    def unit(self, lines: Sequence[int], outcomes: Iterable[Outcome], *writes: Write) -> Unit:
        """A unit of `writes`, which count as done from now on."""
        self.world.apply(writes)
        return Unit(lines, list(outcomes), writes)
