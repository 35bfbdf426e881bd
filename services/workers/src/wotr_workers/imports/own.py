"""Our own CSV: one row a workout, columns in any order and any letter case. The README documents it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wotr_workers.imports.parsed import (
    BadText,
    Entry,
    Format,
    Layout,
    ParsedWorkout,
    SetAside,
    Settings,
    Unrecognised,
    number,
    shown,
)
from wotr_workers.imports.rows import Broken, Fields, Row

REQUIRED = ("type", "startedAt", "durationMin")
COLUMNS = (*REQUIRED, "caloriesBurned", "distanceM", "avgHeartRate", "rpe", "intensity", "notes")
_NUMBERS = frozenset({"durationMin", "caloriesBurned", "distanceM", "avgHeartRate", "rpe"})
_ZERO_IS_ABSENT = frozenset(
    {"distanceM", "avgHeartRate"}
)  # nobody has a pulse of 0; indoors there is no distance
_LOWER_CASE = frozenset({"type", "intensity"})
_BY_LOWER = {name.lower(): name for name in COLUMNS}


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where all required columns are there; Unrecognised where others are unknown or repeated."""
    header = _without_empty_end(header)
    names = [_BY_LOWER.get(text.strip().lower()) for text in header]
    if not set(REQUIRED) <= set(names):
        return None
    for text, name in zip(header, names, strict=True):
        if name is None:
            raise Unrecognised(
                f"column {shown(text.strip())} is not known; the columns are {', '.join(COLUMNS)}"
            )
        if names.count(name) > 1:
            raise Unrecognised(f"column {name} is there more than once")
    columns = [name for name in names if name is not None]

    def read(rows: Iterable[Row], _settings: Settings) -> Iterator[Entry]:
        return (
            SetAside(row.line, "", row.reason) if isinstance(row, Broken) else _entry(row, columns)
            for row in rows
        )

    return Layout(read)


FORMAT = Format("wotr", "csv", f"our own CSV ({', '.join(COLUMNS)}; the first three are required)", recognise)


def _without_empty_end(header: Sequence[str]) -> Sequence[str]:
    """The header up to its last name: spreadsheets end every row, this one too, with delimiters to spare."""
    named = [place for place, text in enumerate(header, 1) if text.strip()]
    return header[: max(named, default=0)]


def _entry(row: Fields, columns: Sequence[str]) -> Entry:
    if any(text.strip() for text in row.texts[len(columns) :]):
        return SetAside(
            row.line, "", f"has {len(row.texts)} fields, the header {len(columns)}: is a quote missing?"
        )
    fields: dict[str, object] = {}
    for name, text in zip(columns, row.texts, strict=False):
        try:
            value = _value(name, text.strip())
        except BadText as error:
            return SetAside(row.line, name, str(error))
        if value is not None:
            fields[name] = value
    return ParsedWorkout(row.line, fields)


def _value(name: str, text: str) -> object:
    if not text:
        return None
    if name in _NUMBERS:
        value = number(text)
        return None if not value and name in _ZERO_IS_ABSENT else value
    return text.lower() if name in _LOWER_CASE else text
