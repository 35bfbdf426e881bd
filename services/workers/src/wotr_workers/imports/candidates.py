"""From a reader's entries to what may be stored: judged, named, in its place. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from wotr_common import keys
from wotr_common.items import session_item, workout_item
from wotr_common.session import Session, head_hash
from wotr_common.workout import Workout
from wotr_workers.formats.parsed import ParsedSession, ParsedWorkout
from wotr_workers.imports.admit import Admission
from wotr_workers.imports.identity import BadIdentity, checked_source, checked_source_id, session_id
from wotr_workers.imports.provenance import Scope
from wotr_workers.store import Item
from wotr_workers.texts.rows import SetAside
from wotr_workers.workouts import (
    CORRELATION_ID,
    DATE_ONLY,
    IMPORT_ROW,
    SOURCE_HASH,
    WORKOUT_ONLY,
    WORKOUT_SAYS,
)

_SAID_OF_SESSION = (
    "type",
    "started_at",
    "title",
    "notes",
    "state",
    "duration_min",
    "calories_burned",
    "avg_heart_rate",
    "rpe",
    "warnings",
)


@dataclass(frozen=True, slots=True)
class WorkoutRow:
    """A workout that may be stored: `item` if nothing is known of it. `ref_sk` is where its app's id lies."""

    line: int
    row: str
    workout: Workout
    item: Item
    ref_sk: str

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines that say it."""
        return (self.line,)


@dataclass(frozen=True, slots=True)
class SessionRows:
    """Neighbouring rows of a session, the first of them its `offset`-th set, as the session they make.

    `item` is that session's if nothing is known of it, with the sets of these rows.
    """

    lines: tuple[int, ...]
    row: str
    offset: int
    session: Session
    item: Item
    ref_sk: str

    @property
    def sk(self) -> str:
        """The session's sort key."""
        return str(self.item[keys.SK])

    @property
    def count(self) -> int:
        """How many rows they are: a session without sets is one."""
        return len(self.lines) or 1

    def followed_by(self, more: SessionRows) -> SessionRows:
        """These rows and `more`, which continue them."""
        return replace(
            self,
            lines=self.lines + more.lines,
            session=self.session.model_copy(update={"sets": self.session.sets + more.session.sets}),
            item={**self.item, "sets": [*self.item["sets"], *more.item["sets"]]},
        )


Candidate = WorkoutRow | SessionRows


class Candidates:
    """What the entries of one upload come to. Entries are taken in their order, each once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._admission = Admission(scope.user_id, scope.import_id, scope.source, scope.at, scope.limits)
        self._seen: dict[str, int] = {}  # sets so far of each session

    def skip(self, entry: ParsedSession) -> None:
        """Count the sets of an entry that an earlier try dealt with."""
        with suppress(BadIdentity):
            self._place(self._session_id(entry), entry)

    def of_workout(self, entry: ParsedWorkout) -> WorkoutRow | SetAside:
        """The workout of a row, or why it is none."""
        try:
            checked_source(entry.source, self._scope.source)
            source_id = checked_source_id(entry.source_id)
        except BadIdentity as error:
            return SetAside(entry.line, error.field, str(error))
        admitted = self._admission.admit(entry)
        if isinstance(admitted, SetAside):
            return admitted
        workout = admitted.workout
        row = self._scope.row(entry.line)
        item = workout_item(workout, self._scope.limits.shards)
        item |= {CORRELATION_ID: self._scope.import_id, IMPORT_ROW: row, SOURCE_HASH: item["contentHash"]}
        ref = keys.source_key(self._scope.user_id, workout.source, source_id or workout.workout_id)
        return WorkoutRow(entry.line, row, workout, item, ref["sk"])

    def of_session(self, entry: ParsedSession) -> SessionRows | Sequence[SetAside]:
        """The session of some rows, or why they are none: a reason for each."""
        lines = tuple(each.line for each in entry.sets)
        try:
            found = self._session_id(entry)
        except BadIdentity as error:
            return [SetAside(line, error.field, str(error)) for line in lines or (entry.line or 1,)]
        offset = self._place(found, entry)
        admitted = self._admission.admit_session(entry)
        if not isinstance(admitted, ParsedSession):
            return admitted
        return self._rows(admitted, self._session(admitted, found), lines, offset)

    def _session_id(self, entry: ParsedSession) -> str:
        source = checked_source(entry.source, self._scope.source)
        return session_id(source, entry)

    def _place(self, found: str, entry: ParsedSession) -> int:
        offset = self._seen.get(found, 0)
        self._seen[found] = offset + len(entry.sets)
        return offset

    def _session(self, entry: ParsedSession, found: str) -> Session:
        return Session(
            user_id=self._scope.user_id,
            session_id=found,
            date=keys.session_date(found),
            version=1,
            source=entry.source or self._scope.source,
            source_id=entry.source_id if entry.source else entry.identity,
            import_id=self._scope.import_id,
            created_at=self._scope.at,
            sets=tuple(each.training_set for each in entry.sets),
            **{name: getattr(entry, name) for name in _SAID_OF_SESSION},
        )

    def _rows(
        self, entry: ParsedSession, session: Session, lines: tuple[int, ...], offset: int
    ) -> SessionRows:
        row = self._scope.row(lines[0] if lines else entry.line or 1)
        says = {name: value for name in WORKOUT_ONLY if (value := getattr(entry, name)) is not None}
        item = session_item(session) | {
            CORRELATION_ID: self._scope.import_id,
            IMPORT_ROW: row,
            SOURCE_HASH: head_hash(session),
            **({DATE_ONLY: True} if entry.date_only else {}),
            **({WORKOUT_SAYS: says} if says else {}),
        }
        ref = keys.source_key(self._scope.user_id, session.source, session.session_id)
        return SessionRows(lines, row, offset, session, item, ref["sk"])
