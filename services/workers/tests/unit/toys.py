"""A format for tests of imports: workouts and sets of any app, with or without what its files leave unsaid.

toy,SOURCE
W,id,start,minutes,notes            a workout; without an id its start is its identity
S,session,local start,exercise,weight,reps,notes    a set; the notes are its session's
A,field,reason                      a row that cannot be stored
R                                   a remark
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from wotr_common.session import TrainingSet, kilograms
from wotr_workers.formats import detect
from wotr_workers.formats.detect import Opened
from wotr_workers.formats.parsed import (
    Asked,
    Entry,
    Format,
    Layout,
    ParsedSession,
    ParsedSet,
    ParsedWorkout,
    Remark,
    Settings,
)
from wotr_workers.texts.rows import Fields, Row, SetAside


def toy(source: str, *rows: str) -> bytes:
    return "\n".join([f"toy,{source}", *rows]).encode()


def opened(chunks: Iterable[bytes]) -> Opened:
    """A toy's rows, or a file in one of our formats."""
    content = b"".join(chunks)
    if not content.startswith(b"toy,"):
        return detect.opened([content])
    lines = csv.reader(io.StringIO(content.decode()))
    source = next(lines)[1]
    rows = (Fields(number, texts) for number, texts in enumerate(lines, 2))
    layout = Layout(_read, frozenset({"weightUnit", "timezone"}))
    return Opened(Format("toy", source, "a toy", lambda _: layout), layout, rows)


def _read(rows: Iterable[Row], settings: Settings) -> Iterator[Entry]:
    session: list[Fields] = []
    for row in rows:
        assert isinstance(row, Fields)
        if session and (row.texts[0] != "S" or row.texts[1] != session[0].texts[1]):
            yield _session(session, settings)
            session = []
        if row.texts[0] == "S":
            session.append(row)
        else:
            yield _entry(row)
    if session:
        yield _session(session, settings)


def _entry(row: Fields) -> Entry:
    kind, *texts = row.texts
    if kind == "A":
        return SetAside(row.line, *texts)
    if kind == "R":
        return Remark(row.line)
    source_id, start, minutes, notes = texts
    fields: dict[str, object] = {"type": "run", "startedAt": start, "durationMin": Decimal(minutes)}
    return ParsedWorkout(row.line, fields | ({"notes": notes} if notes else {}), source_id or None)


def _session(rows: Sequence[Fields], settings: Settings) -> ParsedSession:
    if settings.timezone is None:
        raise Asked("timezone", rows[0].line)
    _, identity, start, *_, notes = rows[0].texts
    local = datetime.fromisoformat(start)
    date_only = len(start) == len("2026-01-01")
    if date_only:
        local = local.replace(hour=12)
    return ParsedSession(
        identity,
        local,
        local.replace(tzinfo=settings.timezone).astimezone(UTC),
        tuple(ParsedSet(row.line, _set(row, settings)) for row in rows),
        title=identity,
        notes=notes or None,
        date_only=date_only,
    )


def _set(row: Fields, settings: Settings) -> TrainingSet:
    exercise, weight, reps = row.texts[3:6]
    if not weight:
        return TrainingSet(exercise=exercise, reps=int(reps))
    if settings.weight_unit is None:
        raise Asked("weightUnit", row.line)
    unit = settings.weight_unit
    return TrainingSet(
        exercise=exercise,
        weight_kg=kilograms(Decimal(weight), unit),
        weight_unit=unit,
        reps=int(reps),
    )
