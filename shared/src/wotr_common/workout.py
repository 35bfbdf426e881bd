"""The workout: its fields, units and canonical form.

Units: minutes, metres, kilocalories, beats per minute, RPE 0-10 in halves; times are UTC with milliseconds.
Two texts of the same number (`8`, `8.0`) are one value here, so that content can be compared.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Literal

from annotated_types import Ge, GroupedMetadata, Gt, Le
from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

Intensity = Literal["low", "moderate", "high"]
Source = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,31}$",
        description="api, csv, or the app it came from: more may come at any time",
    ),
]

USER_ID_PATTERN = r"^[A-Za-z0-9_@:-][A-Za-z0-9_.@:-]{0,63}$"  # . and .. would vanish from a URL's path
IMPORT_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
NOTES_MAX = 2000
_DATE_FIRST = re.compile(r"\s*\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)
_RESOLUTION = Decimal("0.001")
_TOO_LARGE = Decimal(10) ** 12


def canonical_number(value: Decimal) -> Decimal:
    """`value` to a thousandth, in the one form in which equal numbers have equal texts."""
    if abs(value) >= _TOO_LARGE:
        raise ValueError("is too large")
    rounded = value.quantize(_RESOLUTION, ROUND_HALF_EVEN)
    whole = rounded.to_integral_value()
    return whole + 0 if rounded == whole else rounded.normalize()  # + 0: zero has no sign


def canonical_time(value: datetime) -> datetime:
    """`value` in UTC, cut to the millisecond that keys can hold."""
    try:
        utc = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is outside the years 1 to 9999 in UTC") from error
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000) if utc.microsecond else utc


def time_text(value: datetime) -> str:
    """`2022-10-06T23:19:20.000Z`: the one spelling of a time in keys, items, events and answers."""
    return canonical_time(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _canonical_local_time(value: datetime) -> datetime:
    """`value` cut to the millisecond, on the clock that it was said by."""
    canonical_time(value)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _local_time_text(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds")


def json_number(value: Decimal) -> int | float:
    """A JSON number: whole ones without a fraction."""
    return int(value) if value == value.to_integral_value() else float(value)


def _only_a_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("must be a number, not a text or another type")
    return Decimal(repr(value)) if isinstance(value, float) else value


def _only_a_time_text(value: object) -> object:
    # pydantic alone would take a number, also as text, for seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and _DATE_FIRST.match(value)):
        return value
    raise ValueError("must be a time like 2026-03-01T17:30:00Z")


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t\r"


def printable(value: str) -> str:
    """`value`, refused where it holds control characters other than a line break or a tab."""
    if not value.isprintable() and any(map(_is_control, value)):
        raise ValueError("must not hold control characters")
    return value


Number = Annotated[
    Decimal,
    BeforeValidator(_only_a_number),
    Field(allow_inf_nan=False),
    AfterValidator(canonical_number),
    PlainSerializer(json_number, when_used="json"),
    WithJsonSchema({"type": "number"}),
]


@dataclass(frozen=True)
class Bounds(GroupedMetadata):
    """Bounds of a `Number`, checked after rounding and shown in the JSON schema."""

    gt: int | None = None
    ge: int | None = None
    le: int | None = None

    def __iter__(self) -> Iterator[object]:
        shown: dict[str, object] = {"type": "number"}
        for name, keyword, bound in (
            ("exclusiveMinimum", Gt, self.gt),
            ("minimum", Ge, self.ge),
            ("maximum", Le, self.le),
        ):
            if bound is not None:
                shown[name] = bound
                yield keyword(bound)
        yield WithJsonSchema(shown)


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_only_a_time_text),
    AfterValidator(canonical_time),
    PlainSerializer(time_text),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
LocalInstant = Annotated[
    AwareDatetime,
    BeforeValidator(_only_a_time_text),
    AfterValidator(_canonical_local_time),
    PlainSerializer(_local_time_text),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Version = Annotated[int, Field(ge=1, le=10**12, description="grows with every change")]
WorkoutType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
UserId = Annotated[
    str, Field(pattern=USER_ID_PATTERN, description="1 to 64 of A-Z a-z 0-9 _ . @ : -, the first no dot")
]


def half_step(value: Decimal) -> Decimal:
    """`value`, refused where it is not a multiple of one half."""
    if (value * 2) % 1:
        raise ValueError("must be a multiple of 0.5")
    return value


class Record(BaseModel):
    """The base of everything that travels: camelCase outside, snake_case inside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


Duration = Annotated[Number, Bounds(gt=0)]
Calories = Annotated[Number, Bounds(ge=0, le=100_000)]
Distance = Annotated[Number, Bounds(gt=0, le=2_000_000)]
HeartRate = Annotated[Number, Bounds(ge=25, le=240)]
Rpe = Annotated[Number, AfterValidator(half_step), Bounds(ge=0, le=10)]
Notes = Annotated[str, Field(max_length=NOTES_MAX), AfterValidator(printable)]
PhotoKey = Annotated[str, Field(pattern=r"^photos/[A-Za-z0-9_.@:/-]{1,200}$")]


class WorkoutContent(Record):
    """What there is to say about a workout, whoever says it; how long it took comes with the subclasses."""

    model_config = ConfigDict(str_strip_whitespace=True)

    type: WorkoutType = Field(
        validation_alias=AliasChoices("type", "workoutType"),
        description="one of the supported types, lower case, such as run; also accepted as workoutType",
    )
    started_at: Instant = Field(
        validation_alias=AliasChoices("startedAt", "ts", "started_at"),
        serialization_alias="startedAt",
        description="ISO 8601 with a zone; also accepted as ts",
    )
    calories_burned: Calories | None = Field(None, description="kcal")
    distance_m: Distance | None = Field(None, description="metres")
    avg_heart_rate: HeartRate | None = Field(None, description="bpm")
    rpe: Rpe | None = Field(None, description="perceived exertion, 0 to 10 in halves")
    intensity: Intensity = "moderate"
    notes: Notes | None = None
    photo_key: PhotoKey | None = None


class WorkoutFields(WorkoutContent):
    """What an athlete says about one workout; unknown fields are refused.

    The bounds here are absolute. Those that depend on each other or on configuration are in `plausibility`.
    """

    model_config = ConfigDict(extra="forbid")

    duration_min: Duration = Field(
        validation_alias=AliasChoices("durationMin", "duration", "duration_min"),
        serialization_alias="durationMin",
        description="minutes; also accepted as duration",
    )


class Workout(WorkoutContent):
    """A workout as it is stored and answered: the fields, whose it is, and where it came from.

    A session that was imported may not say how long it took: then there is no `durationMin`.
    """

    model_config = ConfigDict(extra="ignore")

    duration_min: Duration | None = Field(None, description="minutes; absent where nobody knows")
    user_id: UserId
    workout_id: str
    version: Version = 1
    source: Source = "api"
    source_id: str | None = None
    import_id: str | None = None
    session_id: str | None = Field(None, description="the session whose sets it consists of")
    volume_kg: Number | None = Field(
        None, description="kilograms lifted, repetitions times weight, without warm-ups"
    )
    created_at: Instant
    warnings: tuple[str, ...] = ()

    def answer(self) -> dict[str, Any]:
        """The workout as a JSON object for a caller: absent fields are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def content_hash(content: WorkoutContent) -> str:
    """SHA-256 over what the athlete said, in canonical form: equal content has an equal hash."""
    return canonical_hash(
        content.model_dump(
            mode="json", by_alias=True, exclude_none=True, include=set(WorkoutFields.model_fields)
        )
    )


def canonical_hash(said: object) -> str:
    """SHA-256 over JSON values, whatever the order of their members."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
