"""Entries of an upload in batches that memory and the table can take. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from wotr_workers.formats.parsed import Entry, ParsedSession, ParsedWorkout
from wotr_workers.imports.candidates import Candidate, Candidates, SessionRows
from wotr_workers.texts.rows import SetAside

UNITS = 100  # workouts and sessions in a batch: what one BatchGetItem may ask for
SETS = 5_000  # sets in a batch, most of them in one item each with dozens of others
ASIDES = 500  # rows set aside in a batch
ENTRIES = 20_000  # entries in a batch, whatever they are: progress is noted after each


@dataclass(slots=True)
class Batch:
    """Entries that follow each other; `end` is how many of the upload there are up to the last of them."""

    set_aside: list[SetAside] = field(default_factory=list)
    remarks: int = 0
    entries: int = 0
    end: int = 0
    _found: dict[object, Candidate] = field(default_factory=dict)
    _sets: int = 0

    @property
    def candidates(self) -> list[Candidate]:
        """What may be stored, in the order of its first rows."""
        return list(self._found.values())

    def add(self, found: Candidate) -> None:
        """Take one more candidate; rows of a session that is there already continue it."""
        if not isinstance(found, SessionRows):
            self._found[len(self._found)] = found
            return
        self._sets += len(found.lines)
        before = self._found.get(found.sk)
        self._found[found.sk] = before.followed_by(found) if isinstance(before, SessionRows) else found

    @property
    def full(self) -> bool:
        """Whether it is time to deal with it."""
        return (
            len(self._found) >= UNITS
            or self._sets >= SETS
            or len(self.set_aside) >= ASIDES
            or self.entries >= ENTRIES
        )


def batches(entries: Iterable[Entry], candidates: Candidates, done: int) -> Iterator[Batch]:
    """The entries behind the first `done` in batches; those were dealt with by an earlier try.

    Where a batch ends depends on nothing but the entries behind the one before.
    """
    batch = Batch()
    for number, entry in enumerate(entries, 1):
        if number <= done:
            if isinstance(entry, ParsedSession):
                candidates.skip(entry)
            continue
        batch.entries += 1
        batch.end = number
        _sort(entry, candidates, batch)
        if batch.full:
            yield batch
            batch = Batch()
    if batch.entries:
        yield batch


def _sort(entry: Entry, candidates: Candidates, batch: Batch) -> None:
    match entry:
        case SetAside():
            batch.set_aside.append(entry)
        case ParsedWorkout():
            found = candidates.of_workout(entry)
            if isinstance(found, SetAside):
                batch.set_aside.append(found)
            else:
                batch.add(found)
        case ParsedSession():
            rows = candidates.of_session(entry)
            if isinstance(rows, SessionRows):
                batch.add(rows)
            else:
                batch.set_aside.extend(rows)
        case _:
            batch.remarks += 1
