"""Our own CSV: one row a workout, columns in any order and any letter case. The README documents it.

What our export says, beyond that, is read by own_export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from wotr_workers.formats import own_export
from wotr_workers.formats.parsed import Entry, Format, Layout, ParsedWorkout, Settings
from wotr_workers.texts.accept import Columns, Reader
from wotr_workers.texts.rows import Broken, Fields, Row, SetAside
from wotr_workers.texts.times import zoned
from wotr_workers.texts.values import BadText, number

REQUIRED = ("type", "startedAt", "durationMin")
COLUMNS = (*REQUIRED, "caloriesBurned", "distanceM", "avgHeartRate", "rpe", "intensity", "notes")


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where all required columns are there, or of our export; Unrecognised where one is unknown."""
    exported = own_export.recognise(header)
    if exported is not None:
        return exported
    if not {name.lower() for name in REQUIRED} <= {text.strip().lower() for text in header}:
        return None
    columns = own_export.columns_of(header, COLUMNS)

    readers = [(name, _READERS.get(name, _text)) for name in columns]
    accepted = Columns(
        {name: (place, reader) for place, (name, reader) in enumerate(readers)}, {number, _positive}
    )

    def read(rows: Iterable[Row], _settings: Settings) -> Iterator[Entry]:
        for row in rows:
            if isinstance(row, Broken):
                yield SetAside(row.line, "", row.reason)
                continue
            line, texts = row
            fields = accepted.fields(texts) if len(texts) == len(readers) else None
            yield ParsedWorkout(line, fields) if fields else _entry(row, readers)

    return Layout(read)


FORMAT = Format("wotr", "csv", f"our own CSV ({', '.join(COLUMNS)}; the first three are required)", recognise)


def _entry(row: Fields, readers: Sequence[tuple[str, Reader]]) -> Entry:
    """What a row says of which not everything is accepted as it stands."""
    line, texts = row
    if len(texts) > len(readers) and any(map(str.strip, texts[len(readers) :])):
        return SetAside(line, "", f"has {len(texts)} fields, the header {len(readers)}: is a quote missing?")
    fields: dict[str, object] = {}
    for (name, reader), text in zip(readers, texts, strict=False):
        if text:
            try:
                value = reader(text)
            except BadText as error:
                return SetAside(line, name, str(error))
            if value is not None:
                fields[name] = value
    return ParsedWorkout(line, fields)


def _text(text: str) -> str | None:
    return text.strip() or None


def _word(text: str) -> str | None:
    return text.strip().lower() or None


def _positive(text: str) -> Decimal | None:
    """The number in `text`; 0 says nothing, for nobody has a pulse of 0, and indoors there is no distance."""
    return number(text) or None


def _moment(text: str) -> datetime | str | None:
    return zoned(text.strip()) or None


_READERS: dict[str, Reader] = {
    "type": _word,
    "startedAt": _moment,
    "durationMin": number,
    "caloriesBurned": number,
    "distanceM": _positive,
    "avgHeartRate": _positive,
    "rpe": number,
    "intensity": _word,
}
