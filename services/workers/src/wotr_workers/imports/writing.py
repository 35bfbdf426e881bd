"""A batch of rows stored: read what is there, plan, write under conditions; once more where that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from wotr_common.observability import logger
from wotr_workers.imports.candidates import Candidate, WorkoutRow
from wotr_workers.imports.plan import Outcome, Plans, Unit
from wotr_workers.imports.plan_sessions import plan_session
from wotr_workers.imports.plan_workouts import plan_workout
from wotr_workers.imports.provenance import Scope
from wotr_workers.imports.reading import world_of
from wotr_workers.store import Changed, NotesUnreadable, Refused, Table
from wotr_workers.texts.rows import SetAside

# More than four writes at once gain nothing, as measured.
WRITES_AT_ONCE = 4
_TRIES = 10


class Contended(Exception):
    """What was read had changed by every try to write: somebody else writes there all the time."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Stores batches of candidates; `clock` gives their versions."""

    table: Table
    pool: Executor
    clock: Callable[[], datetime]

    def store(self, scope: Scope, candidates: Sequence[Candidate]) -> list[Outcome]:
        """What became of each row. Contended and botocore's errors are worth another try of all of it."""
        refused: dict[str, str] = {}
        for _ in range(_TRIES):
            if not candidates:
                return []
            world = world_of(self.table, scope.user_id, candidates)
            plans = Plans(scope, world, self.clock())
            units = [
                _unit(each, plans) if each.row not in refused else _refusal(each, refused[each.row])
                for each in candidates
            ]
            if self._write(candidates, units, refused):
                return [outcome for unit in units for outcome in unit.outcomes]
        raise Contended("what a batch would change is changed by others all the time")

    def _write(self, candidates: Sequence[Candidate], units: Sequence[Unit], refused: dict[str, str]) -> bool:
        """Whether all units were written; notes those that never can be."""
        written = True
        for wave in _waves(units):
            results = self.pool.map(self._tried, (units[place] for place in wave))
            for place, result in zip(wave, results, strict=True):
                written = written and result is None
                if isinstance(result, Refused):
                    refused[candidates[place].row] = _why(result)
        return written

    def _tried(self, unit: Unit) -> Changed | Refused | None:
        try:
            self.table.write(unit.writes)
        except Refused as error:
            logger.warning("rows that are never stored", why=str(error))
            return error
        except Changed as error:
            return error
        return None


def _unit(candidate: Candidate, plans: Plans) -> Unit:
    if isinstance(candidate, WorkoutRow):
        return plan_workout(candidate, plans)
    return plan_session(candidate, plans)


def _why(refused: Refused) -> str:
    """Why rows are not stored, for the athlete whose they are."""
    if refused.too_large:
        return "too large to be stored: all of a session, notes included, may have 400 KB"
    if isinstance(refused, NotesUnreadable):
        return "what is stored of it already has notes that cannot be read; it was left as it is"
    return "cannot be stored as it stands"


def _refusal(candidate: Candidate, reason: str) -> Unit:
    return Unit(candidate.lines, [SetAside(line, "", reason) for line in candidate.lines])


def _waves(units: Sequence[Unit]) -> Iterator[list[int]]:
    """Places of units that can be written at once: one that touches what another does comes after it."""
    waves: list[list[int]] = []
    last: dict[tuple[str, str], int] = {}
    for place, unit in enumerate(units):
        touched = [(write.key["pk"], write.key["sk"]) for write in unit.writes]
        if not touched:
            continue
        wave = max((last.get(key, -1) for key in touched), default=-1) + 1
        last |= dict.fromkeys(touched, wave)
        if wave == len(waves):
            waves.append([])
        waves[wave].append(place)
    yield from waves
