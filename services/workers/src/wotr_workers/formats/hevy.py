"""Hevy's export: one row a set, newest session first, with the units in the names of its columns.

The columns are called the same everywhere; the names of months follow the app's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from wotr_common.session import SetType
from wotr_workers.formats.gather import Head, Texts, session_minutes
from wotr_workers.formats.parsed import Format, Layout, Settings
from wotr_workers.formats.tables import Columns, Reading, Units, columns_of, titled
from wotr_workers.texts.columns import plain, spelled
from wotr_workers.texts.days import start
from wotr_workers.texts.sets import Found, SetTexts, training_set
from wotr_workers.texts.values import BadText, shown

_SPELLINGS = spelled(
    {
        "title": "title|workout_title|workout_name",
        "date": "start_time|started_at|start",
        "end": "end_time|ended_at|end",
        "session_notes": "description|workout_notes",
        "exercise": "exercise_title|exercise_name|exercise",
        "superset": "superset_id|supersets_id|superset",
        "notes": "exercise_notes|notes",
        "set_type": "set_type|type",
        "weight": "weight",
        "reps": "reps",
        "distance": "distance",
        "duration": "duration_seconds|duration_s|duration",
        "rpe": "rpe",
    }
)
_SET_TYPES: dict[str, SetType] = {
    "": "normal",
    "normal": "normal",
    "regular": "normal",
    "warmup": "warmup",
    "warm up": "warmup",
    "drop": "drop",
    "dropset": "drop",
    "drop set": "drop",
    "failure": "failure",
}
_MINUTE_S = 60


def recognise(header: Texts) -> Layout | None:
    """A layout where the header is Hevy's."""
    found = columns_of(header, _SPELLINGS)
    if not found.places.keys() >= _READING.required or not found.places.keys() & {"weight", "reps"}:
        return None
    return _READING.layout(found)


FORMAT = Format("hevy", "hevy", "Hevy's export (title, start_time, end_time, exercise_title, …)", recognise)


def _begun(texts: Texts, columns: Columns, settings: Settings) -> Head:
    """The session of a row."""
    session = titled(texts, columns, settings)
    minutes, warnings = _minutes(session.started_at, columns.text(texts, "end"), settings)
    return session._replace(duration_min=minutes, warnings=warnings)


def _minutes(started_at: datetime, end: str, settings: Settings) -> tuple[Decimal | None, tuple[str, ...]]:
    """From start to end, both known to the minute."""
    if not end.strip():
        return None, ()
    try:
        _local, ended_at, date_only = start(end, settings.timezone)
    except BadText:
        return None, (f"durationMin: left out, for the end {shown(end.strip())} is no time",)
    if date_only or ended_at < started_at:
        return None, ("durationMin: left out, for the end is before the start",)
    return session_minutes(Decimal(int((ended_at - started_at).total_seconds())) / _MINUTE_S)


def _meaning(said: Mapping[str, str], units: Units) -> Found:
    """The set that a row says."""
    kind = plain(said.get("set_type", ""))
    set_type = _SET_TYPES.get(kind)
    return training_set(
        SetTexts(
            exercise=said["exercise"],
            set_type=set_type or "normal",
            weight=said.get("weight", ""),
            weight_unit=units.weight_of(said),
            reps=said.get("reps", ""),
            distance=said.get("distance", ""),
            metres=units.metres_of(said),
            duration=said.get("duration", ""),
            rpe=said.get("rpe", ""),
            superset=said.get("superset", ""),
            notes=said.get("notes", ""),
            doubt="" if set_type else f"setType: {shown(kind)} is no kind of set that we know",
        )
    )


_READING = Reading(
    required=frozenset({"title", "date", "exercise"}),
    telling=("date", "title"),
    meant=("exercise", "superset", "notes", "set_type", "weight", "reps", "distance", "duration", "rpe"),
    begun=_begun,
    meaning=_meaning,
)
