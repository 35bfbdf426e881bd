"""Whether a row becomes a workout: bounds of its fields, then plausibility. Plain functions, no AWS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from wotr_common.limits import Limits
from wotr_common.plausibility import judge
from wotr_common.problems import FieldError, field_errors
from wotr_common.workout import Source, Workout, WorkoutFields
from wotr_workers.imports.parsed import ParsedWorkout, SetAside, short
from wotr_workers.workouts import first_version


@dataclass(frozen=True, slots=True)
class Candidate:
    """A workout that may be stored, and the line that says it."""

    line: int
    workout: Workout


@dataclass(frozen=True, slots=True)
class Admission:
    """What all rows of one import have in common; `at` is when it was uploaded, the same for every retry."""

    user_id: str
    import_id: str
    source: Source
    at: datetime
    limits: Limits

    def admit(self, parsed: ParsedWorkout) -> Candidate | SetAside:
        """The workout of a row, or why it is none."""
        try:
            fields = WorkoutFields.model_validate(parsed.fields)
        except ValidationError as error:
            return _set_aside(parsed.line, field_errors(error))
        verdict = judge(fields, self.limits, self.at)
        if verdict.refusals:
            return _set_aside(parsed.line, verdict.refusals)
        workout = first_version(
            fields,
            user_id=self.user_id,
            created_at=self.at,
            source=self.source,
            warnings=(*verdict.warnings, *parsed.warnings),
            source_id=parsed.source_id,
            import_id=self.import_id,
        )
        return Candidate(parsed.line, workout)


def _set_aside(line: int, found: tuple[FieldError, ...]) -> SetAside:
    first, *others = found
    also = (f"{error.field}: {error.message}" for error in others)
    return SetAside(line, first.field, short("; ".join([first.message, *also])))
