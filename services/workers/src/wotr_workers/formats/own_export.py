"""Our own export read back, from CSV or from JSON with one item a line: wotr_common.exports writes both.

It says what was stored: other apps' ids, sessions with their sets, units, and what looked odd.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wotr_common import exports, keys
from wotr_common.exports import BadCell, Exported
from wotr_common.plausibility import set_warnings
from wotr_common.problems import field_errors
from wotr_common.session import MOST_SETS, TrainingSet
from wotr_common.workout import Instant
from wotr_workers.formats.parsed import (
    Entry,
    Layout,
    ParsedSession,
    ParsedSet,
    ParsedWorkout,
    Remark,
    Unrecognised,
)
from wotr_workers.texts.rows import Broken, Row, SetAside
from wotr_workers.texts.times import zoned
from wotr_workers.texts.values import short, shown

_WARNINGS_MAX = 20
_WARNING_MAX = 200
_BESIDE = frozenset({"record", "sessionId", "source", "sourceId", "warnings", "sets"})
_ENDS = frozenset({"]}", "]", "}"})
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where the first line is that of an export of ours; Unrecognised where it is nearly so."""
    if len(header) == 1 and header[0].startswith("{"):
        return _json_layout(header[0])
    if "record" not in (text.strip().lower() for text in header):
        return None
    columns = columns_of(header, exports.COLUMNS)
    return Layout(lambda rows, _settings: _read_csv(rows, columns))


def columns_of(header: Sequence[str], known: Sequence[str]) -> list[str]:
    """The columns that a header names, in any letter case; Unrecognised where one is unknown or repeated.

    Spreadsheets end every row, this one too, with delimiters to spare: these are no columns.
    """
    by_lower = {name.lower(): name for name in known}
    end = max((place for place, text in enumerate(header, 1) if text.strip()), default=0)
    columns: list[str] = []
    for text in header[:end]:
        name = by_lower.get(text.strip().lower())
        if name is None:
            raise Unrecognised(
                f"column {shown(text.strip())} is not known; the columns are {', '.join(known)}"
            )
        if name in columns:
            raise Unrecognised(f"column {name} is there more than once")
        columns.append(name)
    return columns


def _json_layout(line: str) -> Layout | None:
    try:
        said = json.loads(line if line.endswith("}") else line + exports.JSON_LAST_LINE)
    except (ValueError, RecursionError):
        return None
    if said.get("format") != "wotr":
        return None
    if said.get("version") != 1 or said.get("items") != []:
        raise Unrecognised(f"our JSON export has an item a line below its first: {exports.JSON_FIRST_LINE}")
    return Layout(lambda rows, _settings: _read_json(rows))


def _read_csv(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[Entry]:
    session: _Gathered | None = None
    for row in rows:
        try:
            found = _cells(row, columns)
            if found["record"] == "set":
                yield from _gathered(session, row.line, found)
                continue
            entry = _workout(row.line, found) if found["record"] == "workout" else _session(row.line, found)
        except BadCell as error:
            yield _set_aside(row.line, error)
            continue
        if session:
            yield from session.said()
        session = _Gathered(entry) if isinstance(entry, ParsedSession) else None
        if not session:
            yield entry
    if session:
        yield from session.said()


@dataclass(slots=True)
class _Gathered:
    """A session whose sets are being read."""

    head: ParsedSession
    sets: list[ParsedSet] = field(default_factory=list)
    pieces: int = 0

    def said(self) -> Iterator[Entry]:
        """The session with its sets so far, which are let go; its row carries something if it has none."""
        if self.pieces and not self.sets:
            return
        if self.head.line is not None and self.sets and not self.pieces:
            yield Remark(self.head.line)
        yield replace(self.head, sets=tuple(self.sets))
        self.sets.clear()
        self.pieces += 1


def _gathered(session: _Gathered | None, line: int, found: Exported) -> Iterator[Entry]:
    """Put a set to its session, and go on with the session as another piece of it where it has very many."""
    if session is None or session.head.session_id != found.get("sessionId"):
        raise BadCell("sessionId", "is not that of the session above it")
    if len(session.sets) == MOST_SETS:
        yield from session.said()
    session.sets.append(_set(line, found))


def _cells(row: Row, columns: Sequence[str]) -> Exported:
    if isinstance(row, Broken):
        raise BadCell("", row.reason)
    if any(text.strip() for text in row.texts[len(columns) :]):
        raise BadCell("", f"has {len(row.texts)} fields, the header {len(columns)}: is a quote missing?")
    return exports.from_row(dict(zip(columns, row.texts, strict=False)))


def _read_json(rows: Iterable[Row]) -> Iterator[Entry]:
    for row in rows:
        try:
            if isinstance(row, Broken):
                raise BadCell("", row.reason)
            if row.texts[0] in _ENDS:
                continue
            found = exports.from_json(row.texts[0])
            if found["record"] == "workout":
                yield _workout(row.line, found)
            else:
                yield from _json_session(row.line, found)
        except BadCell as error:
            yield _set_aside(row.line, error)


def _json_session(line: int, found: Exported) -> Iterator[Entry]:
    head = _session(line, found)
    said = found.get("sets", [])
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise BadCell("sets", "must be a list of JSON objects")
    sets: list[ParsedSet] = []
    for place, each in enumerate(said):
        try:
            sets.append(_set(line, each))
        except BadCell as error:
            yield _set_aside(line, BadCell(f"sets/{place}/{error.field}", str(error)))
    yield replace(head, sets=tuple(sets))


def _workout(line: int, found: Exported) -> ParsedWorkout:
    fields = {name: _exact(value) for name, value in found.items() if name not in _BESIDE}
    fields.setdefault("durationMin", None)  # an export leaves out what nobody knows
    if isinstance(started_at := fields.get("startedAt"), str):
        fields["startedAt"] = zoned(started_at)
    text = partial(_text, found)
    return ParsedWorkout(line, fields, text("sourceId"), _warnings(found), text("source"))


def _session(line: int, found: Exported) -> ParsedSession:
    text = partial(_text, found)
    session_id = text("sessionId") or ""
    state = text("state") or "completed"
    if state not in ("open", "completed"):
        raise BadCell("state", f"must be open or completed, not {shown(state)}")
    try:
        local = keys.session_start(session_id)
    except ValueError as error:
        raise BadCell("sessionId", str(error)) from None
    return ParsedSession(
        identity=text("sourceId") or session_id,
        local=local,
        started_at=_moment(text("startedAt") or ""),
        sets=(),
        title=text("title"),
        notes=text("notes"),
        duration_min=_exact(found.get("durationMin")),
        rpe=_exact(found.get("rpe")),
        calories_burned=_exact(found.get("caloriesBurned")),
        avg_heart_rate=_exact(found.get("avgHeartRate")),
        type=text("type") or "strength",
        date_only=len(text("localStart") or session_id) == len("2026-03-01"),
        warnings=_warnings(found),
        source=text("source"),
        source_id=text("sourceId"),
        session_id=session_id,
        state="open" if state == "open" else "completed",
        line=line,
        distance_m=_exact(found.get("distanceM")),
        intensity=text("intensity"),
        photo_key=text("photoKey"),
    )


def _set(line: int, found: Mapping[str, Any]) -> ParsedSet:
    said = {name: value for name, value in found.items() if name not in _BESIDE}
    try:
        made = TrainingSet.model_validate(said)
    except ValidationError as error:
        first = field_errors(error)[0]
        raise BadCell(first.field, first.message) from None
    warnings = tuple(dict.fromkeys((*_warnings(found), *set_warnings(made))))
    return ParsedSet(line, made.model_copy(update={"warnings": warnings}) if warnings else made)


def _moment(text: str) -> datetime:
    at = zoned(text)
    if isinstance(at, datetime):
        return at
    try:
        return _INSTANT.validate_python(at)
    except ValidationError as error:
        raise BadCell("startedAt", field_errors(error)[0].message) from None


def _exact(value: Any) -> Any:
    """A whole number of JSON as all numbers are here; whatever else as it is, for pydantic to judge."""
    return Decimal(value) if type(value) is int else value


def _text(found: Mapping[str, object], name: str) -> str | None:
    value = found.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _is_unicode(value):
        raise BadCell(name, "must be a text")
    return value


def _warnings(found: Mapping[str, object]) -> tuple[str, ...]:
    said = found.get("warnings", [])
    if not isinstance(said, list) or len(said) > _WARNINGS_MAX:
        raise BadCell("warnings", f"must be a list of at most {_WARNINGS_MAX} texts")
    for each in said:
        if not isinstance(each, str) or len(each) > _WARNING_MAX or not _is_unicode(each):
            raise BadCell("warnings", f"must be texts of at most {_WARNING_MAX} characters")
    return tuple(said)


def _is_unicode(text: str) -> bool:
    """Whether `text` can be stored: JSON can spell halves of characters, which cannot."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _set_aside(line: int, error: BadCell) -> SetAside:
    return SetAside(line, error.field, short(str(error)))
