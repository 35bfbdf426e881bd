"""Volume, estimated maxima and best sets; worked examples of the formulas."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotr_common.session import TrainingSet
from wotr_common.strength import (
    MOST_REPS,
    best_by_estimate,
    brzycki,
    counts,
    epley,
    exercise_key,
    heaviest,
    is_assisted,
    volume_kg,
)


def done(weight: float | None = None, reps: int | None = None, **said: Any) -> TrainingSet:
    return TrainingSet.model_validate({"exercise": "Squat", "weightKg": weight, "reps": reps, **said})


def test_volume_is_weight_times_repetitions_without_warm_ups() -> None:
    sets = [
        done(60, 10, setType="warmup"),
        done(100, 5),
        done(102.5, 3, setType="failure"),
        done(80, 8, setType="drop", warnings=["odd"]),
        done(None, 12),
        done(50, None, durationS=30),
    ]
    assert volume_kg(sets) == Decimal("1447.5")
    assert volume_kg([]) == 0


@pytest.mark.parametrize(
    ("weight", "reps", "by_epley", "by_brzycki"),
    [
        (100, 1, "100", "100"),
        (100, 5, "116.667", "112.5"),
        (100, 10, "133.333", "133.333"),
        (100, 12, "140", "144"),
        (60, 8, "76", "74.483"),
    ],
)
def test_estimates_of_a_maximum(weight: int, reps: int, by_epley: str, by_brzycki: str) -> None:
    assert epley(Decimal(weight), reps) == Decimal(by_epley)
    assert brzycki(Decimal(weight), reps) == Decimal(by_brzycki)


@pytest.mark.parametrize("reps", [0, -1, MOST_REPS + 1, 36, 37, 1000])
def test_beyond_twelve_repetitions_nothing_is_estimated(reps: int) -> None:
    assert epley(Decimal(100), reps) is None
    assert brzycki(Decimal(100), reps) is None


@given(st.decimals(min_value=1, max_value=500, places=2), st.integers(1, MOST_REPS - 1))
def test_a_repetition_more_is_never_estimated_lower(weight: Decimal, reps: int) -> None:
    for formula in (epley, brzycki):
        fewer, more = formula(weight, reps), formula(weight, reps + 1)
        assert fewer is not None
        assert more is not None
        assert weight <= fewer < more


def test_warm_ups_and_odd_sets_do_not_count() -> None:
    assert counts(done(100, 5))
    assert not counts(done(100, 5, setType="warmup"))
    assert not counts(done(400, 5, warnings=["weightKg: more than 350 kg"]))


def test_the_heaviest_set_counts_then_its_repetitions_then_the_first() -> None:
    first = done(100, 5, notes="first")
    sets = [done(90, 8), done(100, 3), first, done(100, 5), done(140, 1, setType="warmup"), done(None, 30)]
    assert heaviest(sets) is first
    assert heaviest([done(None, 10), done(100, 0)]) is None


def test_of_an_assisted_exercise_the_least_help_is_best() -> None:
    sets = [done(each, 8, exercise="Pull Up (Assisted)") for each in (30, 20, 25)]
    assert heaviest(sets) is sets[1]
    assert best_by_estimate(sets) is None


def test_the_best_estimate_need_not_be_the_heaviest() -> None:
    sets = [done(100, 1), done(90, 10), done(60, 30), done(90, 10)]
    assert best_by_estimate(sets) is sets[1]
    assert best_by_estimate([done(60, 30)]) is None


@pytest.mark.parametrize(
    ("exercise", "expected"),
    [
        ("Pull Up (Assisted)", True),
        ("ASSISTED DIP", True),
        ("Dominada asistida", True),
        ("Barra assistida", True),
        ("Trazioni assistite", True),
        ("Traction assiste\u0301e", True),
        ("Klimmzug (assistiert)", True),
        ("引体向上（辅助）", True),
        ("Pull Up", False),
        ("Unassisted Pull Up", False),
        ("Non-assisted dip", False),
    ],
)
def test_assisted_exercises_are_known_by_their_names(exercise: str, expected: bool) -> None:
    assert is_assisted(exercise) is expected


def test_an_exercise_has_one_key_whatever_its_spelling() -> None:
    assert exercise_key(" Bench\u00a0 PRESS ") == exercise_key("bench press") == "bench press"
    assert exercise_key("Développé") == exercise_key("De\u0301veloppe\u0301")
    assert exercise_key("Squat") != exercise_key("Front Squat")
