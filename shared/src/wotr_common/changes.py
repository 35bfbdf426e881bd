"""What an athlete may change of what is stored, as JSON merge patches (RFC 7396), and say of themselves.

A member that is absent stays as it is; null removes it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field

from wotr_common.session import MOST_SETS, Line, SetFields
from wotr_common.units import WeightUnit
from wotr_common.workout import (
    IMPORT_ID_PATTERN,
    Bounds,
    Calories,
    Distance,
    Duration,
    HeartRate,
    Instant,
    Intensity,
    Notes,
    Number,
    PhotoKey,
    Record,
    Rpe,
    Version,
    WorkoutType,
)

# Beside the zones of places, systems keep these: the machine's own, none, and clocks that count leap seconds.
_OF_A_MACHINE = re.compile(r"(posix|right)/.*|localtime|posixrules|Factory")


def known_zone(name: str) -> str:
    """`name`, refused where it is no time zone of the IANA database, the same on every machine."""
    try:
        if _OF_A_MACHINE.fullmatch(name):
            raise ValueError(name)
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Berlin") from None
    return name


TimeZone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(known_zone)]


class _Change(Record):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    version: Version = Field(description="the version that you saw; 409 where it is another by now")

    def said(self) -> dict[str, Any]:
        """The members that the caller named, by their Python names; None where it is to be removed."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"version"}}


_ABSENT: Any = None  # of members that cannot be removed: null is refused


class WorkoutChange(_Change):
    """A change of a workout. Another `startedAt` gives it another id."""

    type: WorkoutType = Field(default=_ABSENT)
    started_at: Instant = Field(default=_ABSENT, description="ISO 8601 with a zone")
    duration_min: Duration = Field(default=_ABSENT, description="minutes")
    intensity: Intensity = Field(default=_ABSENT)
    calories_burned: Calories | None = None
    distance_m: Distance | None = None
    avg_heart_rate: HeartRate | None = None
    rpe: Rpe | None = None
    notes: Notes | None = None
    photo_key: PhotoKey | None = None


class SessionChange(_Change):
    """A change of a session; `sets`, where it is there, takes the place of all sets."""

    title: Line | None = None
    notes: Notes | None = None
    duration_min: Duration | None = None
    calories_burned: Calories | None = None
    avg_heart_rate: HeartRate | None = None
    rpe: Rpe | None = None
    sets: Annotated[tuple[SetFields, ...], Field(max_length=MOST_SETS)] = ()


class ImportSettings(Record):
    """What a file may leave unsaid: units of weight and distance, the zone of its local times."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    weight_unit: WeightUnit | None = None
    distance_unit: Literal["km", "mi"] | None = None
    timezone: TimeZone | None = None


class ImportRequest(ImportSettings):
    """What is said when an import is asked for."""

    model_config = ConfigDict(extra="forbid")

    import_id: Annotated[str, Field(pattern=IMPORT_ID_PATTERN)] | None = Field(
        None, description="your own name for it; otherwise one is made up"
    )


class ProfileFields(ImportSettings):
    """What an athlete says of themselves: how their apps count, and what their heart rate is measured by."""

    model_config = ConfigDict(extra="forbid")

    sex: Literal["female", "male"] | None = None
    resting_heart_rate: Annotated[Number, Bounds(ge=25, le=120)] | None = Field(None, description="bpm")
    max_heart_rate: Annotated[Number, Bounds(ge=100, le=240)] | None = Field(None, description="bpm")


class Profile(ProfileFields):
    """What is stored of it."""

    model_config = ConfigDict(extra="ignore")

    version: Version
