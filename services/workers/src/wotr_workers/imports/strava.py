"""Strava's `activities.csv`, as exported since 2018, in English or Dutch, and as saved again by pandas.

Which column is meant, where a name repeats: the second block (from the second `Elapsed Time` on) is what
machines read. Its `Distance`, the last one, is in metres with a decimal point; the first is in the athlete's
locale and in kilometres, or metres for some sports. Times are UTC.

Duration is the moving time, for it is what Strava shows and divides by for speed, and what athletes expect
totals to be made of; the elapsed time takes its place where there is none, and says whether a timer was left
running.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from wotr_common.workout import NOTES_MAX
from wotr_workers.imports.parsed import BadText, Entry, Format, ParsedWorkout, Reader, SetAside, number, shown
from wotr_workers.imports.rows import Broken, Fields, Row

# What we read, by the names that headers have for it, in lower case; earlier names are preferred.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("activity id", "activiteits-id", "id"),
    "date": ("activity date", "datum van activiteit", "date"),
    "name": ("activity name", "naam activiteit", "name"),
    "type": ("activity type", "activiteitstype", "type"),
    "description": ("activity description", "beschrijving van activiteit", "description"),
    "elapsed": ("elapsed time", "verstreken tijd", "elapsed_time"),
    "moving": ("moving time", "beweegtijd", "moving_time"),
    "distance": ("distance", "afstand"),
    "calories": ("calories", "calorieën"),
    "heart_rate": ("average heart rate", "gemiddelde hartslag"),
    "rpe": ("perceived exertion", "ervaren inspanning"),
}
# A header is Strava's where it holds all of one of these; some saved-again files have neither id nor type.
_PROOFS: tuple[frozenset[str], ...] = (
    frozenset({"activity date", "elapsed time"}),
    frozenset({"datum van activiteit", "verstreken tijd"}),
    frozenset({"id", "date", "elapsed_time", "filename"}),
)

_TYPES = {
    "run": "run trailrun virtualrun treadmill hardloopsessie hardlooptraining trailrunsessie "
    "virtuelehardloopsessie",
    "ride": "ride virtualride ebikeride emountainbikeride mountainbikeride gravelride handcycle velomobile "
    "fietsrit rit virtuelefietsrit virtuelerit ebikerit mountainbikerit gravelrit",
    "swim": "swim openwaterswim zwemmen zwemsessie",
    "walk": "walk wandeling",
    "hike": "hike hiken wandeltocht",
    "row": "rowing virtualrow roeien roeisessie",
    "ski": "nordicski alpineski backcountryski rollerski langlaufen alpineskiën toerskiën",
    "skate": "iceskate inlineskate schaatsen inlineskaten",
    "strength": "weighttraining krachttraining",
    "yoga": "yoga",
    "crossfit": "crossfit",
    "elliptical": "elliptical crosstrainer",
    "workout": "workout training",
}
_CANONICAL = {name: canonical for canonical, names in _TYPES.items() for name in names.split()}
_MONTHS = {
    months[place : place + 3]: place // 3 + 1
    for months in ("janfebmaraprmayjunjulaugsepoctnovdec", "janfebmrtaprmeijunjulaugsepoktnovdec")
    for place in range(0, 36, 3)
}
_TAG = re.compile(r"<[^>]*>")
_UNTRANSLATED = re.compile(r"^translation missing: .*\.")
_PANDAS = re.compile(r"\.\d+$")
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_DATES = (
    re.compile(rf"(?P<month>[^\W\d]{{3,}})\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}),?\s+{_TIME}"),
    re.compile(rf"(?P<day>\d{{1,2}})\s+(?P<month>[^\W\d]{{3,}})\.?,?\s+(?P<year>\d{{4}}),?\s+{_TIME}"),
    re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})[ T]{_TIME}(?:Z|\+00:00|\s*UTC)?"),
)
_DAY_S = 24 * 60 * 60
_LONGEST_S = 30 * _DAY_S
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each thing stands in a row; `names` are the file's own, for messages."""

    first: Mapping[str, int]
    last: Mapping[str, int]
    names: Sequence[str]
    warnings: tuple[str, ...]


def recognise(header: Sequence[str]) -> Reader | None:
    """A reader where the header is one of Strava's."""
    names = [_plain(text) for text in header]
    if not any(proof <= set(names) for proof in _PROOFS):
        return None
    spelling = {
        wanted: next((each for each in spellings if each in names), None)
        for wanted, spellings in _NAMES.items()
    }
    first = {wanted: names.index(name) for wanted, name in spelling.items() if name}
    last = {wanted: len(names) - 1 - names[::-1].index(name) for wanted, name in spelling.items() if name}
    warnings: tuple[str, ...] = ()
    if "distance" in first and not _in_metres(names, last):
        del last["distance"]
        warnings = ("distanceM: left out, this export has it only as the app showed it",)
    columns = _Columns(first, last, [text.strip() for text in header], warnings)

    def read(rows: Iterable[Row]) -> Iterator[Entry]:
        return (
            SetAside(row.line, "", row.reason) if isinstance(row, Broken) else _entry(row, columns)
            for row in rows
        )

    return read


FORMAT = Format(
    "strava", "strava", "Strava's activities.csv (Activity ID, Activity Date, Activity Name, …)", recognise
)


def _in_metres(names: Sequence[str], last: Mapping[str, int]) -> bool:
    """Whether the last distance is of the second block, or of 2018, when the one block was in metres."""
    return last["distance"] > last.get("moving", len(names)) or "elapsed_time" in names


def _plain(name: str) -> str:
    """A column's name without markup, the translator's complaint and pandas' suffix of repeated names."""
    text = _TAG.sub("", name).strip().lower()
    return _PANDAS.sub("", _UNTRANSLATED.sub("", text).replace("horton_values.", ""))


def _entry(row: Fields, columns: _Columns) -> Entry:
    if len(row.texts) != len(columns.names):
        return SetAside(
            row.line, "", f"has {len(row.texts)} fields, the header {len(columns.names)}: is a quote missing?"
        )
    place = columns.first["date"]
    try:
        started_at = _time(row.texts[place])
        place = columns.first.get("id", place)
        source_id = _source_id(row.texts, columns)
        numbers: dict[str, Decimal | None] = {}
        for name in ("elapsed", "moving", "distance", "calories", "heart_rate", "rpe"):
            place = columns.last.get(name, -1)
            numbers[name] = _amount(row.texts[place]) if place >= 0 else None
        place = columns.first["elapsed"]
        elapsed = numbers["elapsed"] or _amount(row.texts[place])
        warnings = _warnings(elapsed)
    except BadText as error:
        return SetAside(row.line, columns.names[place], str(error))
    seconds = numbers["moving"] or elapsed
    if not seconds:
        return SetAside(row.line, columns.names[place], "says no duration, and neither does the moving time")
    text = _text_of(row.texts, columns)
    notes, cut = _notes(text("name"), text("description"))
    fields: dict[str, object] = {
        "type": _CANONICAL.get(re.sub(r"[\W_]", "", text("type").lower()), "other"),
        "startedAt": started_at,
        "durationMin": seconds / 60,
        "caloriesBurned": numbers["calories"] or None,  # Strava writes 0 where it does not know
        "distanceM": numbers["distance"] or None,
        "avgHeartRate": numbers["heart_rate"] or None,
        "rpe": numbers["rpe"],
        "notes": notes or None,
    }
    return ParsedWorkout(row.line, fields, source_id, (*columns.warnings, *warnings, *cut))


def _time(text: str) -> datetime:
    """The time in one of Strava's spellings, which is UTC."""
    match = next(filter(None, (pattern.fullmatch(text.strip()) for pattern in _DATES)), None)
    month = match and (
        _MONTHS.get(match["month"][:3].lower()) or (match["month"].isdecimal() and int(match["month"]))
    )
    if not match or not month:
        raise BadText(f"must be a time such as Oct 6, 2022, 11:19:20 PM, not {shown(text)}")
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"] in "pP")
    try:
        return datetime(
            int(match["year"]),
            month,
            int(match["day"]),
            hour,
            int(match["minute"]),
            int(match["second"]),
            tzinfo=UTC,
        )
    except ValueError:
        raise BadText(f"is no time that exists: {shown(text)}") from None


def _source_id(texts: Sequence[str], columns: _Columns) -> str | None:
    if "id" not in columns.first:
        return None
    text = texts[columns.first["id"]].strip().removesuffix(".0")  # a float where pandas saved the file again
    if not _ID.fullmatch(text):
        raise BadText(f"must be Strava's number of the activity, not {shown(text)}")
    return text


def _amount(text: str) -> Decimal | None:
    value = number(text)
    if value is not None and value < 0:
        raise BadText(f"must not be negative, and is {shown(text)}")
    return value


def _warnings(elapsed: Decimal | None) -> tuple[str, ...]:
    if elapsed is None or elapsed <= _DAY_S:
        return ()
    if elapsed > _LONGEST_S:
        raise BadText("must not be longer than 30 days")
    return ("durationMin: more than a day from start to end",)


def _text_of(texts: Sequence[str], columns: _Columns) -> Callable[[str], str]:
    """Texts by what they are; control characters, which carry nothing, are left out."""

    def text(name: str) -> str:
        found = texts[columns.first[name]] if name in columns.first else ""
        return "".join(
            char for char in found if char in "\n\t\r" or unicodedata.category(char) not in {"Cc", "Cs"}
        ).strip()

    return text


def _notes(name: str, description: str) -> tuple[str, tuple[str, ...]]:
    notes = f"{name}\n\n{description}" if name and description else name or description
    if len(notes) <= NOTES_MAX:
        return notes, ()
    return notes[: NOTES_MAX - 1] + "…", (f"notes: cut to {NOTES_MAX} characters",)
