"""What a workout or a session may be a record of: which values count. Plain functions, no AWS.

Values are in canonical units: minutes, metres, seconds a kilometre, kilograms, repetitions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from wotr_common import keys
from wotr_common.strength import epley, exercise_key, is_assisted
from wotr_common.workout import canonical_number
from wotr_workers.records.staircase import Candidate, Step, Subject, is_better

LONGEST_DURATION = "longest_duration"
LONGEST_DISTANCE = "longest_distance"
FASTEST_PACE = "fastest_pace"
HEAVIEST_WEIGHT = "heaviest_weight"
MOST_REPS = "most_reps"
BEST_E1RM = "best_e1rm"
BIGGEST_VOLUME = "biggest_volume"
LONGEST_30_DAYS = "longest_30_days"  # told of, never stored as a staircase
SESSION_KINDS = frozenset({HEAVIEST_WEIGHT, MOST_REPS, BEST_E1RM, BIGGEST_VOLUME})
EVERYTHING = "ALL"  # the subject of what there is one of

MINUTES, METRES, PACE, KILOGRAMS, REPS = "min", "m", "s/km", "kg", "reps"

# Standard distances in metres, longest first.
_ON_FOOT = (
    (Decimal(100_000), "100 km"),
    (Decimal(50_000), "50 km"),
    (Decimal(42_195), "marathon"),
    (Decimal("21097.5"), "half marathon"),
    (Decimal(10_000), "10 km"),
    (Decimal(5_000), "5 km"),
    (Decimal("1609.344"), "1 mile"),
    (Decimal(1_000), "1 km"),
)


def _standard(*metres: int) -> tuple[tuple[Decimal, str], ...]:
    return tuple((Decimal(each), f"{each // 1000} km" if each >= 10_000 else f"{each} m") for each in metres)


STANDARD_DISTANCES: dict[str, tuple[tuple[Decimal, str], ...]] = {
    "run": _ON_FOOT,
    "walk": _ON_FOOT,
    "hike": _ON_FOOT,
    "ride": _standard(200_000, 160_000, 100_000, 80_000, 40_000, 20_000, 10_000),
    "swim": _standard(3_800, 1_900, 1_500, 750, 400, 200, 100),
    "row": _standard(10_000, 5_000, 2_000, 1_000, 500),
}

_LONGEST_NAME = 160  # bytes; with a kind, a weight and a time before it a key stays far below 1,024
Image = Mapping[str, Any]  # a workout's or session's item as Python has it


def candidates(image: Image) -> list[Candidate]:
    """What the workout or session in `image` may be a record of: one for each kind and subject."""
    found = of_session(image) if keys.is_session(image[keys.SK]) else of_workout(image)
    return list(found)


def of_workout(image: Image) -> Iterator[Candidate]:
    """What a workout's duration and distance may be records of; nothing where anything about it looks odd."""
    if image.get("warnings"):
        return
    kind_of_sport: str = image["type"]
    minutes, metres = image.get("durationMin"), image.get("distanceM")

    def candidate(kind: str, name: str, label: str, value: Decimal, unit: str) -> Candidate:
        step = _step(image, image["workoutId"], value)
        return Candidate(Subject(kind, name), label, unit, step, less_is_better=kind == FASTEST_PACE)

    if minutes:
        yield candidate(LONGEST_DURATION, kind_of_sport, kind_of_sport, minutes, MINUTES)
    if metres:
        yield candidate(LONGEST_DISTANCE, kind_of_sport, kind_of_sport, metres, METRES)
    bucket = standard_distance(kind_of_sport, metres) if metres else None
    if bucket and minutes and metres:
        pace = canonical_number(minutes * 60_000 / metres)
        label = f"{kind_of_sport} over {bucket}"
        yield candidate(FASTEST_PACE, f"{kind_of_sport}@{bucket}", label, pace, PACE)


def standard_distance(workout_type: str, metres: Decimal) -> str | None:
    """The greatest standard distance of a sport that is not above `metres`, None where there is none."""
    reached = (name for length, name in STANDARD_DISTANCES.get(workout_type, ()) if length <= metres)
    return next(reached, None)


def of_session(image: Image) -> Iterator[Candidate]:
    """What the sets of a session may be records of: the best of each kind and subject.

    Warm-ups and sets that look odd never count. How long the session took says nothing about its sets: an
    odd duration keeps them in, any other oddity of the session keeps them out.
    """
    if any(not warning.startswith("durationMin:") for warning in image.get("warnings", ())):
        return
    counted = [
        each
        for each in image.get("sets", ())
        if each.get("reps") and each.get("setType") != "warmup" and not each.get("warnings")
    ]
    best: dict[Subject, _Value] = {}
    for value in _values(counted):
        held = best.get(value.subject)
        if held is None or is_better(value.value, held.value, less_is_better=value.less_is_better):
            best[value.subject] = value
    for value in best.values():
        step = _step(image, image["sessionId"], value.value)
        yield Candidate(value.subject, value.label, value.unit, step, value.less_is_better)


class _Value(NamedTuple):
    subject: Subject
    label: str
    value: Decimal
    unit: str
    less_is_better: bool = False


def _values(sets: Iterable[Mapping[str, Any]]) -> Iterator[_Value]:
    volume = Decimal(0)
    for each in sets:
        exercise, reps, weight = each["exercise"], each["reps"], each.get("weightKg")
        name, assisted = _named(exercise)
        yield _Value(*_at_weight(exercise, weight or None), reps, REPS)
        if not weight:
            continue
        volume += weight * reps
        yield _Value(Subject(HEAVIEST_WEIGHT, name), exercise, weight, KILOGRAMS, assisted)
        estimate = None if assisted else epley(weight, int(reps))
        if estimate is not None:
            yield _Value(Subject(BEST_E1RM, name), exercise, estimate, KILOGRAMS)
    if volume:
        yield _Value(Subject(BIGGEST_VOLUME, EVERYTHING), "session", canonical_number(volume), KILOGRAMS)


@lru_cache(maxsize=4096)
def _named(exercise: str) -> tuple[str, bool]:
    """The exercise as keys spell it, and whether less of its weight is better."""
    name = exercise_key(exercise)
    return bounded(name), is_assisted(name)


@lru_cache(maxsize=16_384)
def _at_weight(exercise: str, weight: Decimal | None) -> tuple[Subject, str]:
    name, _ = _named(exercise)
    at = "bodyweight" if weight is None else f"{weight:f} kg"
    return Subject(MOST_REPS, f"{name}@{at}"), f"{exercise} at {at}"


def bounded(name: str) -> str:
    """`name`, its end replaced by a digest of the whole where it is too long for a key."""
    encoded = name.encode()
    if len(encoded) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return f"{encoded[: _LONGEST_NAME - 17].decode(errors='ignore')}~{digest}"


def _step(image: Image, owner: str, value: Decimal) -> Step:
    return Step(
        image["startedAt"],
        owner,
        value,
        image.get("workoutId"),
        image.get("sessionId"),
        image.get("importId"),
    )
