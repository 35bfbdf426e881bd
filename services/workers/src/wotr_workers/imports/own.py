"""Our own CSV: one row a workout, columns in any order and any letter case. The README documents it.

What our export says, beyond that, is read by own_export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wotr_workers.imports import own_export
from wotr_workers.imports.parsed import (
    BadText,
    Entry,
    Format,
    Layout,
    ParsedWorkout,
    SetAside,
    Settings,
    number,
)
from wotr_workers.imports.rows import Broken, Fields, Row
from wotr_workers.imports.times import zoned

REQUIRED = ("type", "startedAt", "durationMin")
COLUMNS = (*REQUIRED, "caloriesBurned", "distanceM", "avgHeartRate", "rpe", "intensity", "notes")
_NUMBERS = frozenset({"durationMin", "caloriesBurned", "distanceM", "avgHeartRate", "rpe"})
# nobody has a pulse of 0; indoors there is no distance
_ZERO_IS_ABSENT = frozenset({"distanceM", "avgHeartRate"})
_LOWER_CASE = frozenset({"type", "intensity"})


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where all required columns are there, or of our export; Unrecognised where one is unknown."""
    exported = own_export.recognise(header)
    if exported is not None:
        return exported
    if not {name.lower() for name in REQUIRED} <= {text.strip().lower() for text in header}:
        return None
    columns = own_export.columns_of(header, COLUMNS)

    def read(rows: Iterable[Row], _settings: Settings) -> Iterator[Entry]:
        return (
            SetAside(row.line, "", row.reason) if isinstance(row, Broken) else _entry(row, columns)
            for row in rows
        )

    return Layout(read)


FORMAT = Format("wotr", "csv", f"our own CSV ({', '.join(COLUMNS)}; the first three are required)", recognise)


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
    if name == "startedAt":
        return zoned(text)
    return text.lower() if name in _LOWER_CASE else text
