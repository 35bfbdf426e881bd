"""Our own export: all workouts and sessions of an athlete as JSON objects, or as rows of one CSV table.

One service writes it, another reads it back: both directions stand here, so that they cannot drift apart. An
object says `record` (workout or session) and the fields by their outside names; a session holds its sets. In
the table a session is a row followed by the rows of its sets. What an import gives anew (version, creation,
ids that follow from the start) is left out; so is a workout that consists of a session's sets: its session
brings it back, and carries what only the workout says.

Units are those of the models. An empty text is no text: it is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from wotr_common import keys
from wotr_common.session import Session
from wotr_common.workout import Workout, json_number

Exported = dict[str, Any]

COLUMNS = (
    "record",
    "sessionId",
    "source",
    "sourceId",
    "type",
    "startedAt",
    "localStart",
    "durationMin",
    "caloriesBurned",
    "distanceM",
    "avgHeartRate",
    "rpe",
    "intensity",
    "title",
    "notes",
    "photoKey",
    "state",
    "exercise",
    "setType",
    "weightKg",
    "weightUnit",
    "reps",
    "setDistanceM",
    "durationS",
    "setRpe",
    "restS",
    "superset",
    "setNotes",
    "warnings",
)
JSON_FIRST_LINE = '{"format": "wotr", "version": 1, "items": ['
JSON_LAST_LINE = "]}"

_WORKOUT = {
    "source",
    "source_id",
    "type",
    "started_at",
    "duration_min",
    "calories_burned",
    "distance_m",
    "avg_heart_rate",
    "rpe",
    "intensity",
    "notes",
    "photo_key",
    "warnings",
}
_SESSION = {
    "session_id",
    "source",
    "source_id",
    "type",
    "started_at",
    "duration_min",
    "calories_burned",
    "avg_heart_rate",
    "rpe",
    "title",
    "notes",
    "state",
    "warnings",
}
_ONLY_THE_WORKOUT_SAYS = {"distance_m", "intensity", "photo_key"}
_NUMBERS = frozenset(
    {"durationMin", "caloriesBurned", "distanceM", "avgHeartRate", "rpe", "weightKg", "durationS", "restS"}
    | {"setDistanceM", "setRpe"}
)
# fields of a set whose columns are taken by the session
_COLUMN_OF_SET = {"distanceM": "setDistanceM", "rpe": "setRpe", "notes": "setNotes"}
_FIELD_OF_SET = {column: name for name, column in _COLUMN_OF_SET.items()}
_RECORDS = ("workout", "session", "set")
_NUMBER = re.compile(r"\d{1,15}(\.\d{0,20})?|\.\d{1,20}", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}(\.0*)?", re.ASCII)
# Spreadsheets take a cell for a formula by how it begins, quoted or not; full-width signs count in some.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_GUARD = "'"


class BadCell(ValueError):
    """A cell or member that cannot be read: `field` names it, the message says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def exported_workout(workout: Workout) -> Exported:
    """The object of a workout that belongs to no session."""
    return {"record": "workout", **_said(workout.model_dump(by_alias=True, include=_WORKOUT))}


def exported_session(
    session: Session, workout: Workout | None = None, *, date_only: bool = False
) -> Exported:
    """The object of a session with its sets; `workout` is the one that consists of them, where there is one.

    `localStart` is the start on the athlete's own clock, or the date alone where no more than that is known.
    """
    extras = workout.model_dump(by_alias=True, include=_ONLY_THE_WORKOUT_SAYS) if workout else {}
    local = keys.session_start(session.session_id)
    return {
        "record": "session",
        **_said(session.model_dump(by_alias=True, include=_SESSION)),
        "localStart": local.date().isoformat() if date_only else local.isoformat(),
        **_said(extras),
        "sets": [_said(each.model_dump(by_alias=True)) for each in session.sets],
    }


def to_rows(exported: Exported) -> Iterator[list[str]]:
    """The rows of one object in the order of COLUMNS: itself, then its sets."""
    yield _row(exported)
    for each in exported.get("sets", ()):
        fields = {_COLUMN_OF_SET.get(name, name): value for name, value in each.items()}
        yield _row({"record": "set", "sessionId": exported["sessionId"], **fields})


def from_row(cells: Mapping[str, str]) -> Exported:
    """The fields in one row's `cells` (text by column), with `record`; those of a set by its own field names.

    Numbers are Decimal, `reps` is an int, `warnings` a list; blank cells are left out. Nothing else is judged
    here. BadCell where a cell cannot be read.
    """
    record = cells.get("record", "").strip().lower()
    if record not in _RECORDS:
        raise BadCell("record", f"must be one of {', '.join(_RECORDS)}")
    fields: Exported = {"record": record}
    for column, text in cells.items():
        if column != "record" and text.strip():
            name = _FIELD_OF_SET.get(column, column) if record == "set" else column
            fields[name] = _value(column, text)
    return fields


def to_json(exported: Exported) -> str:
    """The line of one object, without the comma that separates it from the next."""
    return json.dumps(exported, ensure_ascii=False, separators=(",", ":"), default=_json_value)


def from_json(line: str) -> Exported:
    """The object in `line`, with or without its comma; fractions are Decimal. BadCell where it is none."""
    try:
        found = json.loads(line.strip().removesuffix(","), parse_float=Decimal, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise BadCell("", f"is no JSON object in one line: {error.msg}, character {error.colno}") from error
    except BadCell:
        raise
    except (ValueError, RecursionError) as error:  # which tell of Python's limits
        raise BadCell("", "is no JSON object in one line") from error
    if not isinstance(found, dict) or found.get("record") not in ("workout", "session"):
        raise BadCell("record", "must be workout or session")
    return found


def _said(fields: Mapping[str, Any]) -> Exported:
    """`fields` without those that say nothing."""
    return {name: value for name, value in fields.items() if value not in (None, "", ())}


def _row(fields: Mapping[str, Any]) -> list[str]:
    return [_cell(fields.get(column)) for column in COLUMNS]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (list, tuple)):
        return _guarded("\n".join(value))  # no warning of ours holds a line break
    return _guarded(str(value))


def _value(column: str, text: str) -> object:
    if column in _NUMBERS:
        return _number(column, text.strip())
    if column == "reps":
        return _whole(text.strip())
    text = _unguarded(text)
    return text.split("\n") if column == "warnings" else text


def _number(column: str, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise BadCell(_FIELD_OF_SET.get(column, column), "must be a number such as 45.5")
    return Decimal(text)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise BadCell("reps", "must be a whole number")
    return int(text.partition(".")[0])


def _guarded(text: str) -> str:
    """`text` behind an apostrophe where a spreadsheet would calculate it, or where it begins with one."""
    return _GUARD + text if text.startswith((*_FORMULA, _GUARD)) else text


def _unguarded(text: str) -> str:
    return text.removeprefix(_GUARD)


def _json_value(value: object) -> object:
    if isinstance(value, Decimal):
        return json_number(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _no_number(name: str) -> object:
    raise BadCell("", f"{name} is not a JSON number")
