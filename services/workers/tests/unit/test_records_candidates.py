"""What a workout or session may be a record of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.training import Item, a_set, session, workout

from wotr_workers.records.candidates import bounded, candidates, standard_distance


def found(image: Item) -> dict[tuple[str, str], Any]:
    """Values of an image's candidates by kind and subject."""
    made = candidates(image)
    values: dict[tuple[str, str], Any] = {each.subject: each.step.value for each in made}
    assert len(values) == len(made), "one of each kind and subject"
    return values


def test_a_run_counts_for_duration_distance_and_pace_over_the_standard_distance_it_reached() -> None:
    assert found(workout(0, 50, distance_m=10_400)) == {
        ("longest_duration", "run"): 50,
        ("longest_distance", "run"): 10_400,
        ("fastest_pace", "run@10 km"): Decimal("288.462"),
    }


@pytest.mark.parametrize(
    ("workout_type", "metres", "reached"),
    [
        ("run", "999", None),
        ("run", "1609.344", "1 mile"),
        ("walk", "4999.9", "1 mile"),
        ("hike", "5000", "5 km"),
        ("run", "21097.4", "10 km"),
        ("run", "21097.5", "half marathon"),
        ("run", "42195", "marathon"),
        ("run", "160000", "100 km"),
        ("ride", "9999", None),
        ("ride", "161000", "160 km"),
        ("swim", "1500", "1500 m"),
        ("swim", "3799", "1900 m"),
        ("row", "2000", "2000 m"),
        ("row", "10000", "10 km"),
        ("ski", "50000", None),
    ],
)
def test_a_standard_distance_is_the_greatest_that_is_not_above(
    workout_type: str, metres: str, reached: str | None
) -> None:
    assert standard_distance(workout_type, Decimal(metres)) == reached


def test_a_workout_that_looks_odd_counts_for_nothing() -> None:
    assert found(workout(0, 50, distance_m=30_000, warnings=("distanceM: unusually fast for a run",))) == {}


def test_a_workout_whose_duration_nobody_knows_has_no_pace() -> None:
    assert found(workout(0, None, distance_m=5_000)) == {("longest_distance", "run"): 5_000}


def test_a_session_counts_with_its_best_set_of_each_kind_and_subject() -> None:
    sets = [
        a_set("Squat (Barbell)", 100, 5),
        a_set("squat  (barbell)", 100, 8),
        a_set("Squat (Barbell)", 120, 2),
        a_set("Pull Up", None, 12),
        a_set("Pull Up", 0, 10),
    ]
    assert found(session(0, *sets)) == {
        ("heaviest_weight", "squat (barbell)"): 120,
        ("most_reps", "squat (barbell)@100 kg"): 8,
        ("most_reps", "squat (barbell)@120 kg"): 2,
        ("most_reps", "pull up@bodyweight"): 12,
        ("best_e1rm", "squat (barbell)"): 128,
        ("biggest_volume", "ALL"): 1540,
    }


def test_more_than_twelve_repetitions_estimate_no_maximum() -> None:
    assert ("best_e1rm", "curl") not in found(session(0, a_set("Curl", 20, 13)))
    assert found(session(0, a_set("Curl", 20, 12)))["best_e1rm", "curl"] == 28


def test_less_help_is_better_with_an_assisted_exercise_and_estimates_no_maximum() -> None:
    sets = [a_set("Pull Up (Assisted)", 30, 8), a_set("Pull Up (Assisted)", 20, 5)]
    made = {each.subject.kind: each for each in candidates(session(0, *sets))}
    assert made["heaviest_weight"].step.value == 20
    assert made["heaviest_weight"].less_is_better
    assert "best_e1rm" not in made


def test_warm_ups_odd_sets_and_sets_without_repetitions_count_for_nothing() -> None:
    sets = [
        a_set("Squat", 200, 5, setType="warmup"),
        a_set("Squat", 400, 5, warnings=("weightKg: more than 350 kg",)),
        a_set("Squat", 300, None, durationS=60),
        a_set("Squat", 290, 0),
        a_set("Squat", 60, 5, setType="failure"),
    ]
    made = found(session(0, *sets))
    assert made["heaviest_weight", "squat"] == 60
    assert made["biggest_volume", "ALL"] == 300


def test_a_timer_left_running_says_nothing_about_the_sets_but_an_odd_start_does() -> None:
    timer = session(0, a_set("Squat", 60, 5), warnings=("durationMin: unusual for a strength session",))
    ahead = session(0, a_set("Squat", 60, 5), warnings=("startedAt: more than a day ahead",))
    assert ("heaviest_weight", "squat") in found(timer)
    assert found(ahead) == {}


def test_the_longest_names_fit_a_key_and_stay_apart() -> None:
    longest = "ﷺ" * 200  # one letter that folds into eighteen
    others = [f"{longest[:-1]}{end}" for end in "ab"]
    subjects = {
        each.subject.name
        for name in others
        for each in candidates(session(0, a_set(name, "123.456", 5)))
        if each.subject.kind == "most_reps"
    }
    assert len(subjects) == 2
    assert all(len(each.encode()) <= 200 for each in subjects)
    assert bounded("squat") == "squat"
