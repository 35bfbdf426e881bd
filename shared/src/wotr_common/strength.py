"""What follows from sets: volume, estimated one-repetition maximum, best sets. Plain functions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from wotr_common.session import TrainingSet
from wotr_common.workout import canonical_number

MOST_REPS = 12  # beyond it, estimates of a maximum are no longer meant
_ASSISTED = ("assisted", "assistiert", "asistid", "assistit", "assisté", "geassisteerd", "辅助", "輔助")


def counts(training_set: TrainingSet) -> bool:
    """Whether a set may stand in a record: no warm-up, and nothing about it looks odd."""
    return training_set.set_type != "warmup" and not training_set.warnings


def volume_kg(sets: Iterable[TrainingSet]) -> Decimal:
    """Volume load: the sum of weight times repetitions in kilograms, warm-ups excluded."""
    total = sum(
        (
            each.weight_kg * each.reps
            for each in sets
            if each.set_type != "warmup" and each.weight_kg and each.reps
        ),
        Decimal(0),
    )
    return canonical_number(total)


def epley(weight_kg: Decimal, reps: int) -> Decimal | None:
    """Estimated one-repetition maximum in kilograms, `w (1 + r/30)` and `w` for one repetition.

    None beyond 12 repetitions. Epley B. (1985), Poundage chart. Boyd Epley Workout, Lincoln.
    """
    if not 1 <= reps <= MOST_REPS:
        return None
    return canonical_number(weight_kg if reps == 1 else weight_kg * (1 + Decimal(reps) / 30))


def brzycki(weight_kg: Decimal, reps: int) -> Decimal | None:
    """Estimated one-repetition maximum in kilograms, `36 w / (37 - r)`.

    None beyond 12 repetitions. Brzycki M. (1993), Strength testing: predicting a one-rep max from
    reps-to-fatigue. JOPERD 64(1):88-90.
    """
    if not 1 <= reps <= MOST_REPS:
        return None
    return canonical_number(36 * weight_kg / (37 - reps))


def is_assisted(exercise: str) -> bool:
    """Whether the weight of `exercise` helps the athlete, so that less of it is better."""
    name = exercise.casefold()
    return any(word in name for word in _ASSISTED)


def exercise_key(exercise: str) -> str:
    """One name for the same exercise, whatever its letter case and spaces."""
    return " ".join(unicodedata.normalize("NFKC", exercise).casefold().split())


def heaviest(sets: Iterable[TrainingSet]) -> TrainingSet | None:
    """The set with the most weight, of equals the one with more repetitions, of equals the first."""
    lifted = [each for each in sets if counts(each) and each.weight_kg and each.reps]
    return max(lifted, key=lambda each: (each.weight_kg or 0, each.reps or 0), default=None)


def best_by_estimate(sets: Iterable[TrainingSet]) -> TrainingSet | None:
    """The set with the highest estimated maximum (Epley), of equals the first."""
    rated = [
        (maximum, -place, each)
        for place, each in enumerate(sets)
        if counts(each) and each.weight_kg and each.reps and (maximum := epley(each.weight_kg, each.reps))
    ]
    return max(rated, key=lambda each: each[:2])[2] if rated else None
