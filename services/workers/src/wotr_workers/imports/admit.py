"""Whether what rows say is stored: bounds of its fields, then plausibility. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from pydantic import ValidationError

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.plausibility import STRENGTH, judge
from wotr_common.problems import FieldError, field_errors
from wotr_common.session import LINE_MAX
from wotr_common.workout import NOTES_MAX, Source, Workout, WorkoutContent, WorkoutFields
from wotr_workers.formats.parsed import ParsedSession, ParsedWorkout
from wotr_workers.texts.accept import Accepted, accepted
from wotr_workers.texts.notes import printable
from wotr_workers.texts.rows import SetAside
from wotr_workers.texts.values import short

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
_NOT_YOURS = "photoKey: left out, it is no photo of yours"
_ESSENTIAL = frozenset({"type", "startedAt"})


class Candidate(NamedTuple):
    """A workout that may be stored, and the line that says it. It is made of `blank` when it is asked for."""

    line: int
    fields: Accepted
    source_id: str | None
    warnings: tuple[str, ...]
    blank: Workout

    @property
    def workout(self) -> Workout:
        """The workout, made anew."""
        beside = {
            "workout_id": keys.workout_id(self.fields.started_at),
            "source_id": self.source_id,
            "warnings": self.warnings,
        }
        return self.blank.model_copy(update={**self.fields._asdict(), **beside})


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
        line, said, source_id, warnings, source = parsed
        try:
            fields, odd = self._judged(said if isinstance(said, Accepted) else _accepted(said))
        except _Refused as refused:
            return _set_aside(line, refused.errors)
        warnings = _once(odd, warnings) if odd or warnings else ()
        blank = self._blank if source is None else self._blank.model_copy(update={"source": source})
        return Candidate(line, fields, source_id, warnings, blank)

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
            fields, odd = self._possible(said)
        except _Refused as refused:
            lines = [each.line for each in parsed.sets] or [parsed.line or 1]
            return tuple(_set_aside(line, refused.errors) for line in lines)
        title, title_cut = _cut("title", parsed.title, LINE_MAX)
        notes, notes_cut = _cut("notes", parsed.notes, NOTES_MAX)
        head: dict[str, Any] = {
            name: getattr(fields, name) if outside in said else None
            for outside, name in _OF_A_SESSION.items()
        }
        warnings = _once(odd, parsed.warnings, title_cut, notes_cut)
        return replace(parsed, **head, title=title, notes=notes, warnings=warnings)

    def _possible(self, said: dict[str, object]) -> tuple[Accepted, tuple[str, ...]]:
        """The fields that a session says, with warnings; what it cannot be is taken out of `said`."""
        left_out: list[str] = []

        def leave_out(name: str, why: str) -> None:
            del said[name]
            left_out.append(f"{name}: left out, {why}")

        minutes = said.get("durationMin")
        if said["type"] == STRENGTH and isinstance(minutes, Decimal) and minutes > _DAY_MIN:
            leave_out("durationMin", "more than a day is a timer left running")
        while True:
            try:
                fields, odd = self._judged(_accepted({"durationMin": None, **said}))
            except _Refused as refused:
                for error in refused.errors:
                    if error.field in _ESSENTIAL or error.field not in said:
                        raise
                    leave_out(error.field, error.message)
            else:
                return fields, (*odd, *left_out)

    def _judged(self, fields: Accepted) -> tuple[Accepted, tuple[str, ...]]:
        """The fields that may be kept and what looks odd about them; _Refused."""
        verdict = judge(fields, self.limits, self.at)
        if verdict.refusals:
            raise _Refused(verdict.refusals)
        photo = fields.photo_key
        if photo is None or photo.startswith(f"photos/{self.user_id}/"):
            return fields, verdict.warnings
        return fields._replace(photo_key=None), (*verdict.warnings, _NOT_YOURS)


class _Refused(Exception):
    """The fields cannot be stored as they are."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__()
        self.errors = errors


def _accepted(said: Mapping[str, object]) -> Accepted:
    """What is `said` by outside names, as it can be stored; _Refused."""
    found = accepted(said)
    if found is not None:
        return found
    model: type[WorkoutContent] = WorkoutFields
    if "durationMin" in said and said["durationMin"] is None:
        model = WorkoutContent
        said = {name: value for name, value in said.items() if name != "durationMin"}
    try:
        return Accepted(**dict(model.model_validate(said)))
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
