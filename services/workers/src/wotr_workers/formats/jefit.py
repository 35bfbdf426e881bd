"""Jefit's export: one file of many tables, each below a line such as `### EXERCISE LOGS ###`.

The sets of a workout are told twice: packed into one field of their row in EXERCISE LOGS, in the athlete's
unit, and in newer exports again as rows of EXERCISE SET LOGS, in pounds. The packed ones are taken; a row of
the other table counts only where its exercise has none packed. CARDIO LOGS have a date and no session.

What sets need comes before them in the exports that we know of: the unit (SETTING) and the starts (WORKOUT
SESSIONS). Where it does not the unit is asked for, and a session whose number is no time has its date alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from wotr_common.session import TrainingSet
from wotr_common.units import METRES
from wotr_workers.formats.gather import session_minutes
from wotr_workers.formats.jefit_logs import packed
from wotr_workers.formats.jefit_sessions import BadRow, begun, known_amount, measured
from wotr_workers.formats.parsed import (
    Asked,
    Entry,
    Format,
    Layout,
    ParsedSession,
    ParsedSet,
    Remark,
    Settings,
)
from wotr_workers.texts.columns import misfit
from wotr_workers.texts.rows import Broken, Row, SetAside
from wotr_workers.texts.sets import SetTexts, Unsaid, bare, training_set
from wotr_workers.texts.sports import OTHER, sport
from wotr_workers.texts.unit_names import metres, weight_unit
from wotr_workers.texts.values import shown

_TABLE = re.compile(r"[A-Z][A-Z0-9 &/_-]*")
_MOST = 100_000  # sessions and exercises that are remembered
_NO_SESSION = ("", "0", "-1")


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where the first line is the title of one of Jefit's tables."""
    table = _titled(",".join(header).strip(" ,"))
    if table is None:
        return None

    def read(rows: Iterable[Row], settings: Settings) -> Iterator[Entry]:
        return _File(settings, table).entries(rows)

    return Layout(read, frozenset({"weightUnit", "distanceUnit", "timezone"}))


def _titled(text: str) -> str | None:
    """The name in a table's title, `### EXERCISE LOGS ###`; None where it is none."""
    name = text.strip("#").strip()
    return name if text.startswith("###") and _TABLE.fullmatch(name) else None


FORMAT = Format("jefit", "jefit", "Jefit's export (### SETTING ###, … ### EXERCISE LOGS ###, …)", recognise)


class _Unpacked(NamedTuple):
    """A row of EXERCISE LOGS whose sets are not packed in it, and what is known of it if they never come."""

    line: int
    session: ParsedSession
    exercise: str
    distance: str
    seconds: str


class _File:
    """What is known of a file while its rows come."""

    def __init__(self, settings: Settings, table: str) -> None:
        self._zone = settings.timezone
        self._weight_unit = settings.weight_unit
        self._metres = METRES[settings.distance_unit] if settings.distance_unit else None
        self._table = table
        self._names: list[str] | None = None
        self._sessions: dict[str, ParsedSession] = {}
        self._unpacked: dict[str, _Unpacked] = {}
        self._packed: set[str] = set()
        self._cardio: dict[tuple[str, str], str] = {}  # by date and exercise: the table that told it
        self._exercises: dict[str, str] = {}
        self._head: ParsedSession | None = None
        self._sets: list[ParsedSet] = []
        self._tables: dict[str, Callable[[int, dict[str, str]], Iterator[Entry]]] = {
            "SETTING": self._setting,
            "WORKOUT SESSIONS": self._session,
            "EXERCISE LOGS": self._exercise_log,
            "EXERCISE SET LOGS": self._set_log,
            "CARDIO LOGS": self._cardio_log,
        }

    def entries(self, rows: Iterable[Row]) -> Iterator[Entry]:
        """Each session when its rows end, and each other row when it comes; Asked."""
        line = 0
        try:
            for row in rows:
                line = row.line
                yield from self._row(row)
            yield from self._end()
        except Unsaid as error:
            raise Asked(error.question, line) from None

    def _row(self, row: Row) -> Iterator[Entry]:
        reader = self._tables.get(self._table)
        if isinstance(row, Broken):
            yield SetAside(row.line, "", row.reason) if reader else Remark(row.line)
            return
        line, texts = row
        if texts[0].startswith("##"):
            self._table, self._names = _titled(texts[0].strip()) or "", None
            yield Remark(line)
        elif self._names is None:
            self._names = [text.strip().casefold() for text in texts]
            yield Remark(line)
        elif reader is None:
            yield Remark(line)
        elif len(texts) > len(self._names) and (reason := misfit(texts, len(self._names))):
            yield SetAside(line, "", reason)
        else:
            try:
                yield from reader(line, dict(zip(self._names, texts, strict=False)))
            except BadRow as error:
                yield SetAside(line, error.field, str(error))

    def _setting(self, line: int, said: dict[str, str]) -> Iterator[Entry]:
        self._weight_unit = weight_unit(said.get("mass", "")) or self._weight_unit
        self._metres = _road(said.get("distance", "")) or _road(said.get("length", "")) or self._metres
        yield Remark(line)

    def _session(self, line: int, said: dict[str, str]) -> Iterator[Entry]:
        """A row of a session carries no set: it is kept for those that do."""
        number = said.get("_id", "").strip()
        if number and len(self._sessions) < _MOST:
            started = said.get("starttime", "").strip() or said.get("starttimie", "").strip()
            session = begun(number, started, said.get("mydate", ""), self._zone)
            self._sessions[number] = measured(session, said, started)
        yield Remark(line)

    def _exercise_log(self, line: int, said: dict[str, str]) -> Iterator[Entry]:
        number, exercise = said.get("_id", "").strip(), said.get("ename", "").strip()
        if len(self._exercises) < _MOST:
            self._exercises.setdefault(said.get("eid", ""), exercise)
        session = self._session_of(said)
        found = packed(said.get("logs", ""))
        for bad in found.bad:
            yield SetAside(line, "logs", f"must be sets such as 50.0x12, not {shown(bad)}")
        if found.cardio and not self._is_new_cardio(said, "EXERCISE LOGS"):
            yield Remark(line)
        elif found.sets:
            if len(self._packed) < _MOST:
                self._packed.add(number)
            for weight, reps in found.sets:
                texts = SetTexts(exercise, weight=weight, weight_unit=self._weight_unit, reps=reps)
                yield from self._taken(line, session, texts)
        elif number and len(self._unpacked) < _MOST and not found.bad:
            self._unpacked[number] = _Unpacked(line, session, exercise, *(found.cardio or ("", "")))
            yield Remark(line)
        elif not found.bad:
            yield Remark(line)

    def _set_log(self, line: int, said: dict[str, str]) -> Iterator[Entry]:
        number = said.get("exercise_log_id", "").strip()
        of = self._unpacked.get(number)
        weight, reps, seconds = (said.get(name, "") for name in ("weight_lbs", "reps", "duration"))
        distance = said.get("distance_mi", "")
        if of is None and number not in self._packed and len(self._packed) < _MOST:
            raise BadRow("exercise_log_id", "must be the _id of a row of EXERCISE LOGS above")
        if of is None or all(map(bare, (weight, reps, seconds, distance))):
            yield Remark(line)
            return
        self._unpacked[number] = of._replace(distance="", seconds="")
        yield from self._taken(
            line,
            of.session,
            SetTexts(
                of.exercise,
                weight=weight,
                weight_unit="lb",
                reps=reps,
                distance=distance,
                metres=METRES["mi"],
                duration=seconds,
            ),
        )

    def _cardio_log(self, line: int, said: dict[str, str]) -> Iterator[Entry]:
        """A session of its own: nothing says which one it was a part of."""
        if not self._is_new_cardio(said, "CARDIO LOGS"):
            yield Remark(line)
            return
        number = said.get("_id", "").strip() or said.get("row_id", "").strip()
        exercise = self._exercises.get(said.get("eid", ""), "")
        seconds = said.get("duration", "")
        session = begun(f"cardio {number}", "", said.get("mydate", ""), self._zone)
        minutes, warnings = session_minutes((known_amount(seconds) or Decimal(0)) / 60)
        session = replace(
            session,
            type=sport(exercise) if exercise else OTHER,
            duration_min=minutes,
            warnings=warnings,
            calories_burned=known_amount(said.get("calorie", "")),
        )
        distance = said.get("distance", "")
        texts = SetTexts(exercise or "Cardio", distance=distance, metres=self._metres, duration=seconds)
        yield from self._taken(line, session, texts)

    def _taken(self, line: int, session: ParsedSession, texts: SetTexts) -> Iterator[Entry]:
        """The set is one of the session's; another session's end here."""
        if self._head is None or self._head.identity != session.identity:
            yield from self._ended()
            self._head = session
        found = training_set(texts)
        if isinstance(found, TrainingSet):
            self._sets.append(ParsedSet(line, found))
        else:
            yield SetAside(line, found.thing, found.reason)

    def _ended(self) -> Iterator[Entry]:
        if self._head is not None and self._sets:
            yield replace(self._head, sets=tuple(self._sets))
        self._sets = []

    def _end(self) -> Iterator[Entry]:
        """Cardio whose sets never came is told by its packed numbers."""
        for log in self._unpacked.values():
            if not bare(log.seconds) or not bare(log.distance):
                texts = SetTexts(
                    log.exercise, distance=log.distance, metres=self._metres, duration=log.seconds
                )
                yield from self._taken(log.line, log.session, texts)
        yield from self._ended()

    def _session_of(self, said: dict[str, str]) -> ParsedSession:
        number = said.get("belongsession", "").strip()
        known = self._sessions.get(number)
        if known:
            return known
        date = said.get("mydate", "")
        if number in _NO_SESSION:
            return begun(f"day {date.strip()}", "", date, self._zone)
        return begun(number, number, date, self._zone)

    def _is_new_cardio(self, said: dict[str, str], table: str) -> bool:
        """Whether no other table told of cardio of this exercise on this date."""
        key = said.get("mydate", "").strip(), said.get("eid", "").strip()
        return len(self._cardio) >= _MOST or self._cardio.setdefault(key, table) == table


def _road(unit: str) -> Decimal | None:
    """How many metres a unit of roads has; None for one of bodies, such as inches."""
    found = metres(unit)
    return found if found and found >= METRES["km"] else None
