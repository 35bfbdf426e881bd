"""Workouts out of Apple Health, as three kinds of tools write them: one row a workout, with its units.

Columns of the XML export (`workoutActivityType`, `startDate`, `durationUnit`, …) with offsets from UTC; the
app Health Export (`Activity`, and a `Date` that holds start and end); the app Health Auto Export
(`Workout Type`, `Start`, `End`), which has the names of its amounts in the athlete's language.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from wotr_common.units import METRES
from wotr_workers.formats.parsed import Asked, Entry, Format, Layout, ParsedWorkout, Settings
from wotr_workers.texts.columns import BadField, fitting, numbers, plain, width
from wotr_workers.texts.dates import moment
from wotr_workers.texts.figures import amount, seconds
from wotr_workers.texts.lengths import minutes
from wotr_workers.texts.notes import printable
from wotr_workers.texts.rows import Fields, Row, SetAside
from wotr_workers.texts.sets import Question
from wotr_workers.texts.sports import OTHER, sport
from wotr_workers.texts.times import utc
from wotr_workers.texts.values import BadText, shown

_UNIT = re.compile(r"(?<!\s)\s*\((?P<unit>[^()]*)\)\s*$")
_METRES: dict[str, Decimal] = {
    "m": METRES["m"],
    "km": METRES["km"],
    "mi": METRES["mi"],
    "yd": Decimal("0.9144"),
    "ft": Decimal("0.3048"),
    "cm": Decimal("0.01"),
}
_KILOCALORIES = {"kcal": Decimal(1), "cal": Decimal(1), "kj": 1 / Decimal("4.184"), "j": 1 / Decimal(4184)}
_SECONDS = {
    unit: Decimal(length)
    for length, units in ((1, "s sec seconds"), (60, "min minutes"), (3600, "h hr hours"))
    for unit in units.split()
}
_TO = re.compile(r"(?<=\S)\s+(?:-|\u2013)\s+(?=\d{4})")  # between start and end in one text
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PREFIX = "HKWorkoutActivityType"
_VAGUE = frozenset({OTHER, "workout"})

# In the order of preference.
_TYPE = ("workoutactivitytype", "workouttype", "activity", "activitytype", "workout", "type", "name")
_START = ("startdate", "start", "starttime", "date")
_END = ("enddate", "end", "endtime")
_SOURCE = ("sourcename", "source")
_DURATION = re.compile(r"duration|duraci[oó]n|dura[cç][aã]o|dauer|durée|durata|duur")
_DISTANCE = re.compile(r"(total)?(distance|distancia|distância|distanz|distanza|strecke|afstand|距離|距离)")
_ACTIVE = r"(acti[vf]|aktiv|ativ|attiv)"
_ACTIVE_ENERGY = re.compile(
    rf".*{_ACTIVE}.*(energ|énerg|calor|kalor).*|.*(energ|énerg|calor|kalor).*{_ACTIVE}.*"
)
_ENERGY = re.compile(r"(total)?energy(burned)?|(total)?calories")
_AVERAGE = r"(avg|average|mean|promedio|média|media|moyen|durchschn|gem|ø|平均)"
_HEART_RATE = re.compile(
    rf".*{_AVERAGE}.*(heart|card|herz|hart|心).*|.*(heart|card|herz|hart|心).*{_AVERAGE}.*"
)


@dataclass(frozen=True, slots=True)
class _Measure:
    """Where an amount stands, in the unit that its column's name says, or the row, or neither."""

    place: int
    unit: str
    unit_place: int
    factors: Mapping[str, Decimal]

    def unit_of(self, texts: Sequence[str]) -> str:
        """The unit, empty where nothing says it."""
        said = texts[self.unit_place] if self.unit_place >= 0 else self.unit
        return said if said in self.factors else said.strip().casefold()

    def of(self, texts: Sequence[str], unsaid: Decimal | None) -> Decimal | None:
        """The amount in our unit, at `unsaid` of it where the file says none."""
        try:
            value = amount(texts[self.place])
            unit = self.unit_of(texts)
            factor = self.factors.get(unit) if unit else unsaid
            if value is not None and factor is None:
                raise BadText(f"is in {shown(unit)}; known are {', '.join(self.factors)}")
        except BadText as error:
            raise BadField(self.place, str(error)) from None
        return value * factor if value is not None and factor is not None else None


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each thing stands in a row; -1 or None where it does not. `names` are for messages."""

    names: Sequence[str]
    type: int
    start: int
    end: int
    source: int
    duration: _Measure | None
    distance: _Measure | None
    energy: _Measure | None
    heart_rate: int


def recognise(header: Sequence[str]) -> Layout | None:
    """A layout where the header is of a tool that we know."""
    columns = _columns(header)
    if columns is None:
        return None

    def read(rows: Iterable[Row], settings: Settings) -> Iterator[Entry]:
        for row in rows:
            fields = fitting(row, len(columns.names))
            yield fields if isinstance(fields, SetAside) else _entry(fields, columns, settings)

    may_ask: set[Question] = {"timezone"}
    if columns.distance and not columns.distance.unit:
        may_ask.add("distanceUnit")
    return Layout(read, frozenset(may_ask))


FORMAT = Format(
    "apple_health",
    "apple_health",
    "workouts of Apple Health (workoutActivityType, startDate, …; or Workout Type, Start, End, …)",
    recognise,
)


def _columns(header: Sequence[str]) -> _Columns | None:
    texts = [text.strip() for text in header[: width(header)]]
    units = [match["unit"] if (match := _UNIT.search(text)) else "" for text in texts]
    names = [plain(_UNIT.sub("", text)).replace(" ", "") for text in texts]

    def place(spellings: Iterable[str]) -> int:
        return next((names.index(name) for name in spellings if name in names), -1)

    def matching(*patterns: re.Pattern[str]) -> int:
        found = (at for pattern in patterns for at, name in enumerate(names) if pattern.fullmatch(name))
        return next(found, -1)

    def measure(factors: Mapping[str, Decimal], *patterns: re.Pattern[str]) -> _Measure | None:
        at = matching(*patterns)
        return _Measure(at, units[at], place([f"{names[at]}unit"]), factors) if at >= 0 else None

    columns = _Columns(
        names=texts,
        type=place(_TYPE),
        start=place(_START),
        end=place(_END),
        source=place(_SOURCE),
        duration=measure(_SECONDS, _DURATION),
        distance=measure(_METRES, _DISTANCE),
        energy=measure(_KILOCALORIES, _ACTIVE_ENERGY, _ENERGY),
        heart_rate=matching(_HEART_RATE),
    )
    return columns if _is_known(columns, names) else None


def _is_known(columns: _Columns, names: Sequence[str]) -> bool:
    if {"workoutactivitytype", "startdate"} <= set(names):
        return True
    timed = columns.type >= 0 and columns.duration is not None
    if {"start", "end"} <= set(names):
        return timed
    return timed and {"date", "activity"} <= set(names) and bool(columns.energy or columns.distance)


def _entry(row: Fields, columns: _Columns, settings: Settings) -> Entry:
    texts = row.texts
    name = printable(texts[columns.type]).removeprefix(_PREFIX)
    ours = sport(name)
    try:
        start, end = _start_and_end(texts, columns)
        started_at = _utc(start, columns.start, settings, row.line)
        elapsed = None if end is None else Decimal(str((end - start).total_seconds()))
        duration, warnings = _duration(texts, columns, ours, elapsed)
        distance = _distance(texts, columns, settings, row.line)
        energy = columns.energy and columns.energy.of(texts, Decimal(1))
        heart_rate = numbers(amount, texts, _at(columns.heart_rate)).get("it")
    except BadField as error:
        return SetAside(row.line, columns.names[error.place], str(error))
    fields: dict[str, object] = {
        "type": ours,
        "startedAt": started_at,
        **duration,
        "caloriesBurned": energy,
        "distanceM": distance,
        "avgHeartRate": heart_rate,
        # What our type does not say: golf, tennis, pilates.
        "notes": (_CAMEL.sub(" ", name) or None) if ours in _VAGUE else None,
    }
    source = texts[columns.source] if columns.source >= 0 else ""
    return ParsedWorkout(row.line, fields, _source_id(start, end, ours, source), warnings)


def _at(place: int) -> tuple[tuple[str, int], ...]:
    return (("it", place),) if place >= 0 else ()


def _start_and_end(texts: Sequence[str], columns: _Columns) -> tuple[datetime, datetime | None]:
    """Both with an offset or both without; no end where none is said or where it lies before the start."""
    place = columns.start
    try:
        first, *rest = _TO.split(texts[place].strip())
        start = moment(first)
        if columns.end >= 0:
            place, rest = columns.end, [texts[columns.end].strip()]
        end = moment(rest[0]) if rest and rest[0] else None
    except BadText as error:
        raise BadField(place, str(error)) from None
    if end is None or (end.tzinfo is None) != (start.tzinfo is None) or end < start:
        return start, None
    return start, end


def _utc(start: datetime, place: int, settings: Settings, line: int) -> datetime:
    try:
        if start.tzinfo is not None:
            return start.astimezone(UTC)
        if settings.timezone is None:
            raise Asked("timezone", line)
        return utc(start, settings.timezone)
    except (BadText, OverflowError) as error:
        raise BadField(place, str(error)) from None


def _duration(
    texts: Sequence[str], columns: _Columns, ours: str, elapsed: Decimal | None
) -> tuple[dict[str, object], tuple[str, ...]]:
    took = columns.duration
    if took is None:
        return minutes(ours, elapsed)
    try:
        if ":" in texts[took.place]:
            return minutes(ours, seconds(texts[took.place]), elapsed)
        return minutes(ours, took.of(texts, _nearest_unit(texts[took.place], elapsed)), elapsed)
    except BadText as error:
        raise BadField(took.place, str(error)) from None


def _nearest_unit(text: str, elapsed: Decimal | None) -> Decimal:
    """The unit, in seconds, in which a bare number comes next to the time from start to end; else minutes."""
    value = amount(text)
    if value is None or not elapsed:
        return _SECONDS["min"]
    return min((_SECONDS[unit] for unit in ("min", "s", "h")), key=lambda unit: abs(value * unit - elapsed))


def _distance(texts: Sequence[str], columns: _Columns, settings: Settings, line: int) -> Decimal | None:
    if columns.distance is None:
        return None
    unsaid = METRES[settings.distance_unit] if settings.distance_unit else None
    if unsaid is None and not columns.distance.unit_of(texts) and columns.distance.of(texts, Decimal(1)):
        raise Asked("distanceUnit", line)
    return columns.distance.of(texts, unsaid)


def _source_id(start: datetime, end: datetime | None, ours: str, source: str) -> str:
    """Start, type and what recorded it, whatever the zone and units: Apple's identifiers are not exported.

    Times without seconds do not tell two short workouts apart: there the end is part of it.
    """
    said = [_canonical(start), ours, source.strip()]
    if end and not (start.second or end.second):
        said.append(_canonical(end))
    return hashlib.sha256("|".join(said).encode(errors="replace")).hexdigest()[:16]


def _canonical(time: datetime) -> str:
    return (time.astimezone(UTC) if time.tzinfo else time).isoformat()
