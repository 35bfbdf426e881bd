"""What follows from sets: volume, estimated one-repetition maximum, best sets. Plain functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from wotr_common.session import TrainingSet
from wotr_common.workout import canonical_number

MOST_REPS = 12  # beyond it, estimates of a maximum are no longer meant
# English, German, Spanish, Portuguese, Italian, French, Dutch, Chinese
_ASSISTED = re.compile(
    r"(?<!un)(?<!non-)(?<!non )assisted|assistiert|asistid|assistid|assistit|assisté|geassisteerd|辅助|輔助"
)


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
    return _ASSISTED.search(exercise_key(exercise)) is not None


def exercise_key(exercise: str) -> str:
    """One name for the same exercise, whatever its letter case and spaces."""
    return " ".join(unicodedata.normalize("NFKC", exercise).casefold().split())


def heaviest(sets: Iterable[TrainingSet]) -> TrainingSet | None:
    """The set of one exercise with the most weight, of equals the one with more repetitions, then the first.

    Of an assisted exercise it is the set with the least weight.
    """
    return max(_lifted(sets), key=_by_weight, default=None)


def _by_weight(each: TrainingSet) -> tuple[Decimal, int]:
    weight = each.weight_kg or Decimal(0)
    return -weight if is_assisted(each.exercise) else weight, each.reps or 0


def best_by_estimate(sets: Iterable[TrainingSet]) -> TrainingSet | None:
    """The set with the highest estimated maximum (Epley), of equals the first; assisted ones have none."""
    rated = [each for each in _lifted(sets) if not is_assisted(each.exercise) and _estimate(each)]
    return max(rated, key=_estimate, default=None)


def _estimate(each: TrainingSet) -> Decimal:
    return epley(each.weight_kg or Decimal(0), each.reps or 0) or Decimal(0)


def _lifted(sets: Iterable[TrainingSet]) -> list[TrainingSet]:
    return [each for each in sets if counts(each) and each.weight_kg and each.reps]
