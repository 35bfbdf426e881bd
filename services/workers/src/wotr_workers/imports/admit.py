"""Whether what rows say is stored: bounds of its fields, then plausibility. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from pydantic import ValidationError

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.plausibility import STRENGTH, judge
from wotr_common.problems import FieldError, field_errors
from wotr_common.session import LINE_MAX
from wotr_common.workout import NOTES_MAX, Source, Workout, WorkoutContent, WorkoutFields
from wotr_workers.imports.accept import Acceptance
from wotr_workers.imports.parsed import ParsedSession, ParsedWorkout, SetAside, short
from wotr_workers.imports.texts import printable

# A session may not know how long it took; a workout's row must say so where it does not.
_ACCEPTED = {model: Acceptance(model) for model in (WorkoutFields, WorkoutContent)}
_DAY_MIN = Decimal(24 * 60)
# What the workout that a session becomes says, beside its notes: names outside and of a parsed session.
_OF_A_SESSION = {
    "type": "type",
    "startedAt": "started_at",
    "durationMin": "duration_min",
    "caloriesBurned": "calories_burned",
    "distanceM": "distance_m",
    "avgHeartRate": "avg_heart_rate",
    "rpe": "rpe",
    "intensity": "intensity",
    "photoKey": "photo_key",
}
_ESSENTIAL = frozenset({"type", "startedAt"})


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
    _blank: Workout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        blank = Workout(
            type="other",
            started_at=self.at,
            user_id=self.user_id,
            workout_id="",
            source=self.source,
            import_id=self.import_id,
            created_at=self.at,
        )
        object.__setattr__(self, "_blank", blank)

    def admit(self, parsed: ParsedWorkout) -> Candidate | SetAside:
        """The workout of a row, or why it is none."""
        try:
            values = _said(parsed.fields)
            values["workout_id"] = keys.workout_id(values["started_at"])
            values["source"] = parsed.source or self.source
            values["source_id"] = parsed.source_id
            workout, odd = self._judged(values)
        except _Refused as refused:
            return _set_aside(parsed.line, refused.errors)
        if odd or parsed.warnings:
            workout = workout.model_copy(update={"warnings": _once(odd, parsed.warnings)})
        return Candidate(parsed.line, workout)

    def admit_session(self, parsed: ParsedSession) -> ParsedSession | tuple[SetAside, ...]:
        """The session without what it cannot be, and with warnings; or why none of its rows is stored.

        A bad field of a session does not cost its sets. Its type and its start are needed, though.
        """
        said = {
            outside: value
            for outside, name in _OF_A_SESSION.items()
            if (value := getattr(parsed, name)) is not None
        }
        try:
            workout, odd = self._possible(said)
        except _Refused as refused:
            lines = [each.line for each in parsed.sets] or [parsed.line or 1]
            return tuple(_set_aside(line, refused.errors) for line in lines)
        title, title_cut = _cut("title", parsed.title, LINE_MAX)
        notes, notes_cut = _cut("notes", parsed.notes, NOTES_MAX)
        head: dict[str, Any] = {
            name: getattr(workout, name) if outside in said else None
            for outside, name in _OF_A_SESSION.items()
        }
        warnings = _once(odd, parsed.warnings, title_cut, notes_cut)
        return replace(parsed, **head, title=title, notes=notes, warnings=warnings)

    def _possible(self, said: dict[str, object]) -> tuple[Workout, tuple[str, ...]]:
        """The workout that a session says, with its warnings; what it cannot be is taken out of `said`."""
        left_out: list[str] = []

        def leave_out(name: str, why: str) -> None:
            del said[name]
            left_out.append(f"{name}: left out, {why}")

        minutes = said.get("durationMin")
        if said["type"] == STRENGTH and isinstance(minutes, Decimal) and minutes > _DAY_MIN:
            leave_out("durationMin", "more than a day is a timer left running")
        while True:
            model = WorkoutFields if "durationMin" in said else WorkoutContent
            try:
                workout, odd = self._judged(_values(model, said))
            except _Refused as refused:
                for error in refused.errors:
                    if error.field in _ESSENTIAL or error.field not in said:
                        raise
                    leave_out(error.field, error.message)
            else:
                return workout, (*odd, *left_out)

    def _judged(self, values: dict[str, Any]) -> tuple[Workout, tuple[str, ...]]:
        """The workout of `values` and what looks odd about it; _Refused."""
        odd: tuple[str, ...] = ()
        photo = values.get("photo_key")
        if photo and not photo.startswith(f"photos/{self.user_id}/"):
            values["photo_key"] = None
            odd = ("photoKey: left out, it is no photo of yours",)
        workout = self._blank.model_copy(update=values)
        verdict = judge(workout, self.limits, self.at)
        if verdict.refusals:
            raise _Refused(verdict.refusals)
        return workout, verdict.warnings + odd


class _Refused(Exception):
    """The fields cannot be stored as they are."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__()
        self.errors = errors


def _said(fields: Mapping[str, object]) -> dict[str, Any]:
    """The fields of a row by their Python names; a duration of None is one that nobody knows. _Refused."""
    if fields.get("durationMin", "") is not None:
        return _values(WorkoutFields, fields)
    known = {name: value for name, value in fields.items() if name != "durationMin"}
    return _values(WorkoutContent, known)


def _values(model: type[WorkoutContent], said: Mapping[str, object]) -> dict[str, Any]:
    """The fields of `model` by their Python names; _Refused."""
    values = _ACCEPTED[model].values(said)
    if values is not None:
        return values
    try:
        return dict(model.model_validate(said))
    except ValidationError as error:
        raise _Refused(field_errors(error)) from None


def _cut(name: str, text: str | None, most: int) -> tuple[str | None, tuple[str, ...]]:
    """`text` as it can be kept, and a warning where it had to be cut."""
    text = printable(text or "")
    if len(text) <= most:
        return text or None, ()
    return text[: most - 1] + "…", (f"{name}: cut to {most} characters",)


def _once(*warnings: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(warnings)))


def _set_aside(line: int, found: tuple[FieldError, ...]) -> SetAside:
    first, *others = found
    also = (f"{error.field}: {error.message}" for error in others)
    return SetAside(line, first.field, short("; ".join([first.message, *also])))
