"""With csv.DictReader and one pydantic model per row, which ends with the values that an import stores.

The models are the platform's own: their numbers are canonical, so that content can be compared, and what
looks odd is noted. What a text means is said in validators, with the standard library's means.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.reading.given import IMPORT, LIMITS, NOW, USER, ZONE
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wotr_common import keys
from wotr_common.plausibility import judge, set_warnings
from wotr_common.session import TrainingSet
from wotr_common.units import KILOGRAMS, METRES
from wotr_common.workout import Duration, Instant, Workout

_DURATION = re.compile(r"(?:(?P<hours>\d+)h)?\s*(?:(?P<minutes>\d+)m(?:in)?)?\s*(?:(?P<seconds>\d+)s)?")
_KINDS = {"W": "warmup", "D": "drop", "F": "failure"}


def _number(text: str) -> Decimal | None:
    return Decimal(text) or None if text else None


class _Row(Workout):
    """A workout to store."""

    duration_min: Duration

    @model_validator(mode="after")
    def _judged(self) -> _Row:
        verdict = judge(self, LIMITS, NOW)
        if verdict.refusals:
            raise ValueError(verdict.refusals[0].message)
        return self.model_copy(update={"warnings": verdict.warnings}) if verdict.warnings else self


def _stored(source: str, started_at: datetime, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        **fields,
        "startedAt": started_at,
        "userId": USER,
        "workoutId": keys.workout_id(started_at),
        "source": source,
        "importId": IMPORT,
        "createdAt": NOW,
    }


class OwnRow(_Row):
    """A row of our own CSV."""

    @model_validator(mode="before")
    @classmethod
    def _said(cls, row: Mapping[str, str]) -> dict[str, Any]:
        numbers = ("durationMin", "caloriesBurned", "distanceM", "avgHeartRate", "rpe")
        fields: dict[str, Any] = {name: _number(row[name]) for name in numbers}
        fields |= {name: row[name] for name in ("type", "intensity", "notes") if row[name]}
        return _stored("csv", datetime.fromisoformat(row["startedAt"]), fields)


class StravaRow(_Row):
    """A row of Strava's; csv.DictReader keeps the last column of each name, which is the one meant."""

    @model_validator(mode="before")
    @classmethod
    def _said(cls, row: Mapping[str, str]) -> dict[str, Any]:
        started_at = datetime.strptime(row["Activity Date"], "%b %d, %Y, %I:%M:%S %p").replace(tzinfo=UTC)
        seconds = _number(row["Moving Time"]) or _number(row["Elapsed Time"])
        sport = row["Activity Type"].lower()
        fields = {
            "type": "strength" if sport == "weight training" else sport,
            "durationMin": seconds and seconds / 60,
            "caloriesBurned": _number(row["Calories"]),
            "distanceM": _number(row["Distance"]),
            "avgHeartRate": _number(row["Average Heart Rate"]),
            "rpe": _number(row["Perceived Exertion"]),
            "notes": "\n\n".join(filter(None, (row["Activity Name"], row["Activity Description"]))) or None,
            "sourceId": row["Activity ID"],
        }
        return _stored("strava", started_at, fields)


class StrongRow(TrainingSet):
    """A set of Strong's, with what its row says of the session."""

    model_config = ConfigDict(extra="forbid")

    started_at: Instant
    title: str
    duration_min: Decimal | None = Field(None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _said(cls, row: Mapping[str, str]) -> dict[str, Any]:
        weight, reps, distance = _number(row["Weight"]), _number(row["Reps"]), _number(row["Distance"])
        duration = _DURATION.fullmatch(row["Duration"])
        times = {unit: int(text) for unit, text in duration.groupdict("0").items()} if duration else {}
        return {
            "started_at": datetime.fromisoformat(row["Date"]).replace(tzinfo=ZONE),
            "title": row["Workout Name"],
            "duration_min": times and times["hours"] * 60 + times["minutes"] + Decimal(times["seconds"]) / 60,
            "exercise": row["Exercise Name"],
            "setType": _KINDS.get(row["Set Order"], "normal"),
            "weightKg": weight and weight * KILOGRAMS["kg"],
            "weightUnit": "kg" if weight else None,
            "reps": int(reps) if reps and reps == int(reps) else reps,
            "distanceM": distance and distance * METRES["km"],
            "durationS": _number(row["Seconds"]),
            "rpe": _number(row["RPE"]),
            "notes": row["Notes"] or None,
        }

    @model_validator(mode="after")
    def _judged(self) -> StrongRow:
        warnings = set_warnings(self)
        return self.model_copy(update={"warnings": warnings}) if warnings else self


_MODELS: dict[str, type[BaseModel]] = {"own": OwnRow, "strava": StravaRow, "strong": StrongRow}


def read(sample: str, path: Path) -> tuple[int, int]:
    """(rows, rows set aside) of the file at `path`."""
    model = _MODELS[sample]
    rows = set_aside = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            try:
                model.model_validate(row)
            except ValidationError:
                set_aside += 1
    return rows, set_aside
