"""The load of a session: its sets, and what they come to together."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.training import a_set, session

from wotr_common.items import session_from_item
from wotr_common.session import TrainingSet
from wotr_common.strength import volume_kg
from wotr_workers.workflow.session_load import (
    Load,
    SetLoad,
    SetWork,
    session_load,
    session_rpe,
    set_load,
    work,
)

Sets = st.lists(
    st.builds(
        a_set,
        exercise=st.sampled_from(["Squat", "squat ", "Bench Press", "Pull Up (Assisted)", "Plank"]),
        weight=st.none() | st.sampled_from(["0", "2.5", "20.412", "100"]),
        reps=st.none() | st.integers(0, 20),
        setType=st.sampled_from(["normal", "warmup", "drop"]),
        durationS=st.none() | st.sampled_from([0, 30, 90]),
    ),
    max_size=12,
)


def works(*sets: TrainingSet) -> tuple[SetWork, ...]:
    return work(session_from_item(session(0, *sets)))


def loads(*sets: TrainingSet) -> list[SetLoad]:
    return [set_load(each) for each in works(*sets)]


def load(*sets: TrainingSet, rpe: int | None = None, minutes: int | None = None) -> Load:
    return session_load(
        loads(*sets),
        None if rpe is None else Decimal(rpe),
        None if minutes is None else Decimal(minutes),
    )


def one(exercise: str, weight: float | str | None, reps: int | None, **fields: Any) -> SetLoad:
    (found,) = loads(a_set(exercise, weight, reps, **fields))
    return found


def test_a_set_weighs_its_weight_times_its_repetitions() -> None:
    assert one("Squat", "102.5", 5).volume_kg == Decimal("512.5")
    assert one("Squat", "102.5", 5).epley_kg == Decimal("119.583")  # 102.5 (1 + 5/30)
    assert one("Squat", 140, 1).epley_kg == 140


def test_beyond_twelve_repetitions_there_is_volume_and_no_estimate() -> None:
    found = one("Squat", 60, 13)
    assert found.volume_kg == 780
    assert found.epley_kg is None


def test_a_set_without_weight_is_its_repetitions_metres_or_seconds() -> None:
    assert one("Pull Up", None, 8) == SetLoad(position=1, exercise=0, counted=True, reps=8)
    assert one("Plank", None, None, durationS=90).duration_s == 90
    assert one("Sled", 80, None, distanceM=20) == SetLoad(
        position=1, exercise=0, counted=True, distance_m=Decimal(20)
    )


def test_warm_ups_and_sets_in_which_nothing_was_done_do_not_count() -> None:
    assert not one("Squat", 60, 5, setType="warmup").counted
    assert not one("Squat", 60, 0).counted
    assert not one("Squat", 60, None).counted
    assert load(a_set("Squat", 60, 5, setType="warmup")).set_count == 0


def test_of_help_and_of_what_looks_odd_nothing_is_estimated() -> None:
    helped = one("Pull Up (Assisted)", 20, 8)
    odd = one("Squat", 900, 5, warnings=["more than anybody lifted"])
    assert (helped.volume_kg, odd.volume_kg) == (Decimal(160), Decimal(4500))
    assert helped.counted
    assert odd.counted
    assert helped.epley_kg is odd.epley_kg is None


def test_intensity_is_relative_to_the_best_estimate_of_the_exercise_in_the_session() -> None:
    found = load(
        a_set("Squat", 100, 6),  # estimates 120
        a_set("squat ", 90, 10),  # the same exercise; estimates 120
        a_set("Bench Press", 50, 1),
        a_set("Squat", 60, 20),
        a_set("Plank", None, None, durationS=60),
    )
    assert [each.intensity_pct for each in found.sets] == [Decimal("83.333"), 75, 100, 50, None]
    # (6 x 83.333 + 10 x 75 + 1 x 100 + 20 x 50) / 37
    assert found.intensity_pct == Decimal("63.513")


def test_a_session_is_the_sum_of_its_sets_with_its_effort() -> None:
    found = load(
        a_set("Squat", 100, 5),
        a_set("Sled", None, None, distanceM=20.5),
        a_set("Plank", None, None, durationS=90),
        rpe=8,
        minutes=45,
    )
    assert (found.set_count, found.volume_kg, found.reps) == (3, Decimal(500), 5)
    assert (found.distance_m, found.duration_s) == (Decimal("20.5"), Decimal(90))
    assert found.session_rpe == 360


def test_without_effort_or_minutes_there_is_no_session_rpe() -> None:
    assert load(a_set("Squat", 100, 5), rpe=8).session_rpe is None
    assert load(a_set("Squat", 100, 5), minutes=45).session_rpe is None
    assert session_rpe(Decimal(0), Decimal(45)) == 0


@given(Sets, st.randoms())
def test_the_volume_is_the_sessions_own_whatever_order_the_sets_come_in(
    sets: list[TrainingSet], order: random.Random
) -> None:
    weighed = loads(*sets)
    shuffled = order.sample(weighed, len(weighed))
    found = session_load(shuffled, None, None)
    assert found == session_load(weighed, None, None)
    assert found.volume_kg == volume_kg(sets)
    assert [each.position for each in found.sets] == list(range(1, len(sets) + 1))
    assert all(each.intensity_pct is None or each.intensity_pct > 0 for each in found.sets)


@given(Sets)
def test_what_a_set_weighs_survives_the_way_between_the_steps(sets: list[TrainingSet]) -> None:
    for each in works(*sets):
        said = each.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
        assert SetWork.model_validate(said) == each
        weighed = set_load(each)
        assert SetLoad.model_validate(weighed.model_dump(mode="json", by_alias=True)) == weighed
