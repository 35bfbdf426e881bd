"""What a row says of a set, as a TrainingSet: read and judged once, and remembered by the row's texts.

The rows of a strength history repeat each other: a usual row costs one look into a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from wotr_common.plausibility import set_warnings
from wotr_common.problems import field_errors
from wotr_common.session import SetType, TrainingSet
from wotr_common.units import KILOGRAMS, WeightUnit
from wotr_common.workout import NOTES_MAX
from wotr_workers.texts.figures import figure, seconds
from wotr_workers.texts.notes import printable
from wotr_workers.texts.typed import converted_from
from wotr_workers.texts.values import BadText, shown

LINE_MAX = 200  # characters of a name or title
_SUPERSET_MAX = 32
_ROWS = 65_536  # texts of rows that are remembered, and
_SETS = 32_768  # sets that they say: some 60 MB together at the most
_PARTS = 4096  # texts of each kind
_LONGEST_REST_S = 86_400
_UNITS = {"weight": "kg", "distance": "m", "duration": "s"}
_EMPTY = TrainingSet(exercise="-")
_FIELDS = {"weight": "weight_kg", "distance": "distance_m", "duration": "duration_s"}


class SetTexts(NamedTuple):
    """What a row says of a set. None of a unit: neither the file nor anybody else says it.

    `metres` is how many of them the distance's unit has; `doubt` is a warning that the set keeps.
    """

    exercise: str
    set_type: SetType = "normal"
    weight: str = ""
    weight_unit: WeightUnit | None = None
    reps: str = ""
    distance: str = ""
    metres: Decimal | None = None
    duration: str = ""
    rpe: str = ""
    superset: str = ""
    notes: str = ""
    doubt: str = ""


class Refused(NamedTuple):
    """Why a row is no set: what of it is wrong (exercise, weight, reps, distance, duration, rpe), and how."""

    thing: str
    reason: str


class Rest(NamedTuple):
    """A row that tells of the rest after a set of `exercise`."""

    exercise: str
    seconds: Decimal | None


class Note(NamedTuple):
    """A row that only holds what an athlete wrote: about `exercise`, or else about the whole session."""

    exercise: str
    text: str


class Nothing(NamedTuple):
    """A row that carries nothing at all."""


Found = TrainingSet | Refused | Rest | Note | Nothing


Question = Literal["weightUnit", "distanceUnit", "timezone"]


class Unsaid(Exception):
    """A set cannot be understood without a unit that nobody said."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


class Remembered(dict[tuple[str, ...], Found]):
    """What rows with certain texts mean, made by `meaning` where it is not known yet. Bounded.

    A dictionary, and no lru_cache: most rows are found in it, and it is the fastest thing to find them in.
    """

    def __init__(self, meaning: Callable[[tuple[str, ...]], Found]) -> None:
        super().__init__()
        self._meaning = meaning

    def __missing__(self, texts: tuple[str, ...]) -> Found:
        if len(self) >= _ROWS:
            self.clear()
        found = self[texts] = self._meaning(texts)
        return found


@lru_cache(_SETS)
def training_set(said: SetTexts) -> TrainingSet | Refused:
    """The set in canonical units with its warnings, or why it is none; Unsaid.

    Apps write 0 where they have no weight, distance, time or RPE: these are left out, so that a set is the
    same in every export. 0 repetitions stay unless the set was measured by distance or time.
    """
    try:
        fields = _fields(said)
    except _Bad as error:
        return Refused(error.thing, str(error))
    made = copy(_EMPTY)
    # The model has judged each value already, by itself and once: this is several times faster.
    made.__dict__.update(fields)
    warnings = tuple(filter(None, (said.doubt, _rounded(said.rpe)))) + set_warnings(made)
    return made.model_copy(update={"warnings": warnings}) if warnings else made


def bare(text: str) -> bool:
    """Whether a text says no amount: blank, or 0 in any spelling."""
    return not text.strip("0., ")


def with_rest(made: TrainingSet, rest: Decimal | None) -> TrainingSet:
    """`made` with the rest after it, in seconds, where that is one that can be."""
    if rest is None or not 0 < rest <= _LONGEST_REST_S:
        return made
    return made.model_copy(update={"rest_s": rest})


def with_note(made: TrainingSet, text: str) -> TrainingSet:
    """`made` with more notes."""
    return made.model_copy(update={"notes": joined(made.notes, text)})


def joined(before: str | None, text: str) -> str | None:
    """Notes with more of them, cut to what is kept; None where there are none."""
    text = printable(text)
    return cut(f"{before}\n{text}" if before and text else before or text, NOTES_MAX) or None


def cut(text: str, most: int) -> str:
    """`text` in at most so many characters, with an ellipsis where some had to go."""
    return text if len(text) <= most else text[: most - 1] + "…"


class _Bad(Exception):
    def __init__(self, thing: str, reason: str) -> None:
        super().__init__(reason)
        self.thing = thing


def _fields(said: SetTexts) -> dict[str, object]:
    """The fields that a row says, each as its field of the model has it."""
    weight, unit = _kilograms(said.weight, said.weight_unit)
    distance = _metres(said.distance, said.metres)
    duration = _duration(said.duration)
    reps = _reps(said.reps)
    fields: dict[str, object] = {
        "exercise": _exercise(said.exercise),
        "set_type": said.set_type,
        "weight_kg": weight,
        "weight_unit": unit,
        "reps": None if reps == 0 and (distance or duration) else reps,
        "distance_m": distance,
        "duration_s": duration,
        "rpe": _rpe(said.rpe),
    }
    if said.superset:
        fields["superset"] = cut(printable(said.superset), _SUPERSET_MAX) or None
    if said.notes:
        fields["notes"] = cut(printable(said.notes), NOTES_MAX) or None
    return fields


@lru_cache(_PARTS)
def _exercise(text: str) -> str:
    name = cut(printable(text), LINE_MAX)
    if not name:
        raise _Bad("exercise", "must name the exercise")
    return str(_judged("exercise", name))


@lru_cache(_PARTS)
def _kilograms(text: str, unit: WeightUnit | None) -> tuple[Decimal | None, WeightUnit | None]:
    """Kilograms, and the unit that the weight was typed in: not always the one that it is said in."""
    weight = _amount("weight", text)
    if weight is None:
        return None, None
    if unit is None:
        raise Unsaid("weightUnit")
    return _judged("weight", weight * KILOGRAMS[unit]), converted_from(weight) or unit


@lru_cache(_PARTS)
def _metres(text: str, unit: Decimal | None) -> Decimal | None:
    distance = _amount("distance", text)
    if distance is None:
        return None
    if unit is None:
        raise Unsaid("distanceUnit")
    metres: Decimal = _judged("distance", distance * unit)
    return metres


@lru_cache(_PARTS)
def _reps(text: str) -> int | None:
    try:
        value = figure(text)
    except BadText as error:
        raise _Bad("reps", str(error)) from None
    if value is None:
        return None
    if value != value.to_integral_value():
        raise _Bad("reps", f"must be a whole number, not {shown(text)}")
    reps: int = _judged("reps", int(value))
    return reps


@lru_cache(_PARTS)
def _duration(text: str) -> Decimal | None:
    """Seconds, said as a number of them or as H:MM:SS."""
    try:
        value = seconds(text) if ":" in text else figure(text) or None
    except BadText as error:
        raise _Bad("duration", str(error)) from None
    return value and _judged("duration", value)


@lru_cache(_PARTS)
def _rpe(text: str) -> Decimal | None:
    """The rating, rounded to halves."""
    value = _amount("rpe", text)
    if value is None:
        return None
    rpe: Decimal = _judged("rpe", _half(value) if 0 <= value <= 10 else value)
    return rpe


@lru_cache(_PARTS)
def _rounded(text: str) -> str:
    """A warning where the rating had to be rounded; empty where not."""
    value = _amount("rpe", text)
    return "" if value is None or _half(value) == value else f"rpe: {value} is rounded to halves"


def _half(value: Decimal) -> Decimal:
    return (value * 2).quantize(Decimal(1), ROUND_HALF_EVEN) / 2


def _amount(thing: str, text: str) -> Decimal | None:
    """The number in `text`, None where it is 0 or there is none."""
    try:
        return figure(text) or None
    except BadText as error:
        raise _Bad(thing, str(error)) from None


def _judged(thing: str, value: object) -> Any:
    """`value` as the model takes it, or why it does not."""
    field = _FIELDS.get(thing, thing)
    try:
        return getattr(TrainingSet.model_validate({"exercise": "-", field: value}), field)
    except ValidationError as error:
        message = field_errors(error)[0].message
        raise _Bad(thing, f"{message} {_UNITS.get(thing, '')}".rstrip()) from None
