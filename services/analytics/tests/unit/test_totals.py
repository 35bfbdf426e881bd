"""What workouts add to totals, as plain arithmetic."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.given import event

from wotr_analytics.settling import newest
from wotr_analytics.totals import (
    Amounts,
    Change,
    Contribution,
    Counted,
    Subject,
    WorkoutRef,
    changes,
    contribution,
)

RUN = Contribution("run", "2026-W47", Amounts(1, Decimal(30), Decimal(300), Decimal(5000)))
RIDE = Contribution("ride", "2026-W47", Amounts(1, Decimal(60), Decimal(0), Decimal("20000.5")))
ANA = WorkoutRef("ana", "20261116T063000000Z")

contributions = st.builds(
    Contribution,
    type=st.sampled_from(["run", "ride", "swim"]),
    week=st.sampled_from(["2026-W46", "2026-W47", "2026-W48"]),
    amounts=st.builds(
        Amounts,
        workouts=st.just(1),
        minutes=st.decimals(0, 10_000, places=3),
        calories=st.decimals(0, 100_000, places=3),
        distance_m=st.decimals(0, 2_000_000, places=3),
    ),
)
statements = st.lists(
    st.tuples(
        st.builds(WorkoutRef, st.sampled_from(["ana", "ben"]), st.sampled_from([f"w{n}" for n in range(8)])),
        st.builds(Counted, st.integers(1, 5), st.none() | contributions),
    ),
    max_size=40,
)


def brute_force(said: dict[WorkoutRef, Counted]) -> dict[tuple[str, Subject], Amounts]:
    sums: dict[tuple[str, Subject], Amounts] = {}
    alive = ((ref.user_id, counted.contribution) for ref, counted in said.items() if counted.contribution)
    for user_id, counted in alive:
        for subject in counted.subjects():
            sums[user_id, subject] = sums.get((user_id, subject), Amounts()) + counted.amounts
    return sums


def test_a_workout_adds_to_all_to_its_type_and_to_its_week() -> None:
    counted = contribution(event(type="swim", duration_min=Decimal("45.5"), distance_m=Decimal(2000)).data)

    assert counted.amounts == Amounts(1, Decimal("45.5"), Decimal(300), Decimal(2000))
    assert counted.subjects() == (("ALL", ""), ("TYPE", "swim"), ("WEEK", "2026-W47"))


def test_what_a_workout_does_not_say_counts_as_nothing() -> None:
    counted = contribution(event(calories_burned=None, distance_m=None).data)

    assert counted.amounts == Amounts(1, Decimal(30))


def test_the_week_is_the_iso_week_in_utc() -> None:
    new_year = event().data.model_copy(update={"started_at": datetime(2027, 1, 1, tzinfo=UTC)})

    assert contribution(new_year).week == "2026-W53"


def test_a_new_workout_is_counted_whole() -> None:
    (change,) = changes({ANA: None}, {ANA: Counted(1, RUN)})

    assert change.deltas == dict.fromkeys(RUN.subjects(), RUN.amounts)
    assert change.first_counted() == RUN.amounts


def test_a_version_that_was_counted_changes_nothing() -> None:
    assert changes({ANA: Counted(3, RUN)}, {ANA: Counted(3, RUN)}) == []
    assert changes({ANA: Counted(3, RUN)}, {ANA: Counted(2, RIDE)}) == []


def test_a_newer_version_moves_the_difference_only() -> None:
    (change,) = changes({ANA: Counted(1, RUN)}, {ANA: Counted(2, RIDE)})

    assert change.deltas == {
        Subject("ALL", ""): Amounts(0, Decimal(30), Decimal(-300), Decimal("15000.5")),
        Subject("TYPE", "run"): -RUN.amounts,
        Subject("TYPE", "ride"): RIDE.amounts,
        Subject("WEEK", "2026-W47"): Amounts(0, Decimal(30), Decimal(-300), Decimal("15000.5")),
    }
    assert change.first_counted() == Amounts()


def test_a_deletion_takes_back_what_was_counted() -> None:
    (change,) = changes({ANA: Counted(2, RUN)}, {ANA: Counted(3, None)})

    assert change.deltas == dict.fromkeys(RUN.subjects(), -RUN.amounts)


def test_a_workout_whose_marker_is_not_known_is_left_out() -> None:
    assert changes({}, {ANA: Counted(1, RUN)}) == []


def test_newest_keeps_one_version_of_each_workout_in_any_order() -> None:
    first, second = Counted(1, RUN), Counted(2, RIDE)

    assert newest([(ANA, first), (ANA, second)]) == newest([(ANA, second), (ANA, first)]) == {ANA: second}


@given(statements, statements, st.integers(6, 100))
def test_deltas_lead_from_what_was_counted_to_what_is_said(
    earlier: list[tuple[WorkoutRef, Counted]], later: list[tuple[WorkoutRef, Counted]], most: int
) -> None:
    counted, said = newest(earlier), newest(later)
    made = changes({ref: counted.get(ref) for ref in said}, said, most)

    sums = brute_force(counted)
    for change in made:
        assert len(change.steps) + len(change.deltas) <= most
        for subject, delta in change.deltas.items():
            sums[change.user_id, subject] = sums.get((change.user_id, subject), Amounts()) + delta
    after = newest([*counted.items(), *said.items()])
    assert {key: amounts for key, amounts in sums.items() if amounts != Amounts()} == brute_force(after)


@given(statements)
def test_the_parts_of_changes_are_all_the_steps_once(later: list[tuple[WorkoutRef, Counted]]) -> None:
    said = newest(later)
    made = changes(dict.fromkeys(said), said, most=6)

    assert Counter(ref for change in made for ref in change.refs()) == Counter(list(said))


def test_halves_are_the_whole() -> None:
    said = {WorkoutRef("ana", f"w{n}"): Counted(1, RUN) for n in range(5)}
    (change,) = changes(dict.fromkeys(said), said)
    left, right = change.halves()

    assert Change("ana", left.steps + right.steps) == change
    assert left.steps
    assert right.steps
