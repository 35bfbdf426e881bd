"""From rows of one set each to sessions: what all apps that export such tables have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from wotr_common.session import MOST_SETS, TrainingSet
from wotr_workers.formats.parsed import Asked, Entry, ParsedSession, ParsedSet, Remark
from wotr_workers.texts.columns import BadField, misfit
from wotr_workers.texts.rows import Broken, Row, SetAside
from wotr_workers.texts.sets import (
    Found,
    Note,
    Refused,
    Remembered,
    Rest,
    Unsaid,
    joined,
    with_note,
    with_rest,
)

Texts = Sequence[str]

_LONGEST_MIN = 24 * 60


class Head(NamedTuple):
    """A session without its sets; see ParsedSession."""

    identity: str
    local: datetime
    started_at: datetime
    date_only: bool = False
    title: str | None = None
    duration_min: Decimal | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """How the rows of a table are read.

    `names` are its columns' own names, of which at least the first `needed` must be there, and `things` those
    of them that a message may name. Neighbouring rows are of one session where `telling` gives the same;
    `begun` makes its head of the first row, or raises BadField or Unsaid. `chosen` are the
    texts that say a set, and `meaning` is what they say. At place `notes` stands what was written about the
    session, -1 for nowhere. `fitted` makes a row that is too wide fit, None where it cannot.
    """

    names: Texts
    needed: int
    things: Mapping[str, str]
    telling: Callable[[Texts], object]
    begun: Callable[[Texts], Head]
    chosen: Callable[[Texts], tuple[str, ...]]
    meaning: Callable[[tuple[str, ...]], Found]
    notes: int = -1
    fitted: Callable[[Texts], Texts | None] | None = None

    def fit(self, texts: Texts) -> Texts | None:
        """A row of another width than the header's as one of its width; None where it cannot be."""
        width = len(self.names)
        if len(texts) < width:
            return [*texts, *[""] * (width - len(texts))] if len(texts) >= self.needed else None
        fitted = self.fitted and self.fitted(texts)
        return fitted or (None if misfit(texts, width) else texts[:width])


def entries(rows: Iterable[Row], table: Table) -> Iterator[Entry]:
    """Each session of a table when its rows end, and each other row when it comes; Asked."""
    width, telling, chosen, notes = len(table.names), table.telling, table.chosen, table.notes
    remembered = Remembered(table.meaning)
    session = _Session(table)
    line = 0
    try:
        for row in rows:
            if isinstance(row, Broken):
                yield SetAside(row.line, "", row.reason)
                continue
            line, given = row
            texts = given if len(given) == width else table.fit(given)
            if texts is None:
                yield SetAside(line, "", misfit(given, width) or "")
                continue
            told = telling(texts)
            if told != session.told or len(session.sets) >= MOST_SETS:
                yield from session.ended()
                session.begin(told, texts)
            if notes >= 0 and not session.notes and texts[notes]:
                session.notes = joined(None, texts[notes])
            said = chosen(texts)
            found = remembered[said]
            if found.__class__ is TrainingSet and session.head is not None:
                session.sets.append(ParsedSet(line, found))
            else:
                yield session.other(line, found)
    except Unsaid as error:
        raise Asked(error.question, line) from None
    yield from session.ended()


class _Session:
    """The session whose rows come."""

    __slots__ = ("_table", "fault", "head", "notes", "sets", "told")

    def __init__(self, table: Table) -> None:
        self._table = table
        self.told: object = None
        self.head: Head | None = None  # None where `fault` says why there is none
        self.fault = ("", "")
        self.sets: list[ParsedSet] = []
        self.notes: str | None = None

    def begin(self, told: object, texts: Texts) -> None:
        """The row with these texts is the first of a session."""
        self.told, self.sets, self.notes = told, [], None
        try:
            self.head = self._table.begun(texts)
        except BadField as error:
            self.head = None
            self.fault = (self._table.names[error.place], str(error))

    def ended(self) -> Iterator[ParsedSession]:
        """The session, where it has any sets."""
        if self.head is not None and self.sets:
            yield ParsedSession(**self.head._asdict(), sets=tuple(self.sets), notes=self.notes)

    def other(self, line: int, found: Found) -> SetAside | Remark:
        """A row that is no set of this session; what it says of the set before is kept with that."""
        if isinstance(found, TrainingSet):
            return SetAside(line, *self.fault)
        if isinstance(found, Refused):
            return SetAside(line, self._table.things.get(found.thing, found.thing), found.reason)
        last = self.sets[-1] if self.sets else None
        of_last = last is not None and last.training_set.exercise == getattr(found, "exercise", None)
        if isinstance(found, Rest) and last is not None and of_last:
            self.sets[-1] = ParsedSet(last.line, with_rest(last.training_set, found.seconds))
        elif isinstance(found, Note) and last is not None and of_last:
            self.sets[-1] = ParsedSet(last.line, with_note(last.training_set, found.text))
        elif isinstance(found, Note):
            self.notes = joined(self.notes, found.text)
        return Remark(line)


def session_minutes(minutes: Decimal | None) -> tuple[Decimal | None, tuple[str, ...]]:
    """How long a session took, None where nobody knows or a timer ran for more than a day, and warnings."""
    if not minutes or minutes < 0:
        return None, ()
    if minutes > _LONGEST_MIN:
        return None, ("durationMin: left out, longer than a day",)
    return minutes, ()
