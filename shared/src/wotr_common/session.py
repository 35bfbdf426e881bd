"""Gym sessions and their sets: fields, units, canonical form.

Units: kilograms, metres, seconds, RPE 0-10 in halves. A session is one item with its sets in the order of
performance: it is read, changed, taken back and exported as a whole.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, ConfigDict, Field, model_validator

from wotr_common.units import KILOGRAMS, WeightUnit
from wotr_common.workout import (
    Bounds,
    Calories,
    Duration,
    HeartRate,
    Instant,
    LocalInstant,
    Notes,
    Number,
    Record,
    Rpe,
    Source,
    UserId,
    Version,
    WorkoutType,
    canonical_hash,
    canonical_number,
    printable,
)

MOST_SETS = 1000  # of one session; with them it stays below DynamoDB's 400 KB
LINE_MAX = 200
SESSION_ID_PATTERN = r"^[0-9]{8}T[0-9]{6}-[0-9a-z]{1,32}$"
SetType = Literal["normal", "warmup", "drop", "failure"]

Line = Annotated[str, Field(min_length=1, max_length=LINE_MAX), AfterValidator(printable)]
Weight = Annotated[Number, Bounds(ge=0, le=1360)]


class TrainingSet(Record):
    """One set, in canonical units. What it does not say it does not have: a blank weight is bodyweight."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    exercise: Line
    set_type: SetType = "normal"
    weight_kg: Weight | None = Field(None, description="kilograms")
    weight_unit: WeightUnit | None = Field(None, description="the unit it was typed in, for display")
    reps: Annotated[int, Field(ge=0, le=1000, strict=True)] | None = None
    distance_m: Annotated[Number, Bounds(ge=0, le=2_000_000)] | None = Field(None, description="metres")
    duration_s: Annotated[Number, Bounds(ge=0, le=2_592_000)] | None = Field(None, description="seconds")
    rpe: Rpe | None = Field(None, description="perceived exertion, 0 to 10 in halves")
    rest_s: Annotated[Number, Bounds(ge=0, le=86_400)] | None = Field(
        None, description="seconds of rest after it"
    )
    superset: Annotated[str, Field(max_length=32), AfterValidator(printable)] | None = Field(
        None, description="sets of one session with the same word were done in turn"
    )
    notes: Notes | None = None
    warnings: tuple[str, ...] = Field((), description="what looks odd; such a set breaks no record")


class SetFields(TrainingSet):
    """A set as an athlete says it: `weight` with its `weightUnit` is taken for `weightKg`."""

    weight: Weight | None = Field(None, description="in weightUnit; instead of weightKg", exclude=True)
    warnings: tuple[()] = Field((), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _converted(cls, said: Any) -> Any:
        """`weight` in its unit becomes kilograms, once and exactly."""
        if not isinstance(said, dict) or said.get("weight") is None:
            return said
        if said.get("weightKg") is not None or said.get("weight_kg") is not None:
            raise ValueError("say weightKg, or weight with weightUnit, not both")
        weight, unit = said["weight"], said.get("weightUnit", said.get("weight_unit"))
        if not isinstance(unit, str) or unit not in KILOGRAMS:
            raise ValueError("weight needs its weightUnit, kg or lb")
        if isinstance(weight, bool) or not isinstance(weight, (int, float, Decimal)):
            raise ValueError("weight must be a number, not a text or another type")
        rest = {name: value for name, value in said.items() if name != "weight"}
        return {**rest, "weightKg": Decimal(str(weight)) * KILOGRAMS[unit]}

    def training_set(self, warnings: tuple[str, ...] = ()) -> TrainingSet:
        """The set in canonical units."""
        said = {name: getattr(self, name) for name in TrainingSet.model_fields}
        return TrainingSet.model_construct(**{**said, "warnings": warnings})


class SessionFields(Record):
    """What an athlete says when a session begins; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    type: WorkoutType = "strength"
    started_at: LocalInstant = Field(
        validation_alias=AliasChoices("startedAt", "ts", "started_at"),
        serialization_alias="startedAt",
        description="ISO 8601 with the offset of the athlete's clock, which says the session's date; also "
        "accepted as ts. In UTC (Z) the date is that of the profile's time zone",
    )
    title: Line | None = None
    notes: Notes | None = None


class NewSession(SessionFields):
    """A session to create, with the sets that are known already."""

    sets: Annotated[tuple[SetFields, ...], Field(max_length=MOST_SETS)] = ()


class NewSets(Record):
    """Sets to add to a session, in the order of performance."""

    model_config = ConfigDict(extra="forbid")

    sets: Annotated[tuple[SetFields, ...], Field(min_length=1, max_length=MOST_SETS)]


class Completion(Record):
    """What is said of a session when it ends. Without `durationMin` it took from its start until now."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    duration_min: Duration | None = Field(None, description="minutes")
    calories_burned: Calories | None = Field(None, description="kcal")
    avg_heart_rate: HeartRate | None = Field(None, description="bpm")
    rpe: Rpe | None = Field(None, description="of the whole session, 0 to 10 in halves")
    notes: Notes | None = None
    version: Version | None = Field(None, description="refused where the session has another by now")


class Session(Record):
    """A session as it is stored and answered. `workout_id` names the workout that completing it wrote."""

    model_config = ConfigDict(extra="ignore")

    user_id: UserId
    session_id: Annotated[str, Field(pattern=SESSION_ID_PATTERN)]
    date: date
    type: WorkoutType = "strength"
    started_at: Instant
    title: Line | None = None
    notes: Notes | None = None
    state: Literal["open", "completed"] = "open"
    version: Version
    source: Source = "api"
    source_id: str | None = None
    import_id: str | None = None
    created_at: Instant
    workout_id: str | None = None
    duration_min: Duration | None = Field(None, description="minutes; absent where nobody knows")
    calories_burned: Calories | None = None
    avg_heart_rate: HeartRate | None = None
    rpe: Rpe | None = None
    sets: tuple[TrainingSet, ...] = ()
    warnings: tuple[str, ...] = ()

    def answer(self) -> dict[str, Any]:
        """The session as a JSON object for a caller: absent fields are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


_OWN = {"type", "started_at", "title", "notes", "duration_min", "calories_burned", "avg_heart_rate", "rpe"}


def head_hash(session: Session) -> str:
    """SHA-256 over what the athlete said of the session itself, its sets left out."""
    return canonical_hash(session.model_dump(mode="json", by_alias=True, exclude_none=True, include=_OWN))


def set_said(training_set: TrainingSet) -> dict[str, Any]:
    """What the athlete said of a set, in canonical form: two sets are the same where this is equal."""
    return training_set.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"warnings", "weight_unit", "rest_s"}
    )


def kilograms(weight: Decimal, unit: WeightUnit) -> Decimal:
    """`weight` in `unit` as canonical kilograms: 44.09245243697551 lb are 20."""
    return canonical_number(weight * KILOGRAMS[unit])
