"""A staircase depends on the set of its candidates only: not on order, grouping or repetition."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotr_workers.records.staircase import MOST_STEPS, Candidate, Climb, Staircase, Step, Subject

SUBJECT = Subject("heaviest_weight", "squat")


def step(number: int, day: int, value: int) -> Step:
    return Step(f"2026-01-{day:02}T07:00:00.000Z", f"w{number}", Decimal(value), f"w{number}")


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Steps of different owners, few enough days and values that both are often equal."""
    said = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=12))
    return [step(number, day, value) for number, (day, value) in enumerate(said)]


def brute_force(history: Sequence[Step], *, less: bool) -> list[Step]:
    """Every step that beats all that came before it."""
    ordered = sorted(history, key=lambda each: (each.started_at, each.owner))
    return [
        each
        for place, each in enumerate(ordered)
        if all(
            (each.value < other.value) if less else (each.value > other.value) for other in ordered[:place]
        )
    ]


def candidate(each: Step, *, less: bool) -> Candidate:
    return Candidate(SUBJECT, f"by {each.owner}", "kg", each, less)


def empty(*, less: bool) -> Staircase:
    return Staircase(SUBJECT, "", "kg", less)


@given(histories(), st.randoms(use_true_random=False), st.booleans())
def test_any_order_any_grouping_and_duplicates_make_the_same_steps(
    history: list[Step], order: random.Random, less: bool
) -> None:
    arrivals = [*history, *order.choices(history, k=3)] if history else []
    order.shuffle(arrivals)
    staircase = empty(less=less)
    while arrivals:
        size = order.randint(1, len(arrivals))
        group, arrivals = arrivals[:size], arrivals[size:]
        staircase = staircase.with_candidates(candidate(each, less=less) for each in group)

    expected = brute_force(history, less=less)
    assert list(staircase.steps) == expected
    assert staircase.label == (f"by {expected[-1].owner}" if expected else "")


@given(histories(), st.randoms(use_true_random=False), st.booleans())
def test_one_pass_over_a_history_in_any_order_makes_the_same_steps(
    history: list[Step], order: random.Random, less: bool
) -> None:
    order.shuffle(history)
    climb = Climb()
    for each in history:
        climb.add(candidate(each, less=less))

    made = climb.staircases().get(SUBJECT, empty(less=less))
    expected = brute_force(history, less=less)
    assert list(made.steps) == expected
    assert made.label == (f"by {expected[-1].owner}" if expected else "")


@given(histories().filter(bool), st.integers(1, 9), st.integers(1, 9), st.booleans(), st.data())
def test_a_changed_step_needs_the_history_unless_putting_it_in_place_is_exact(
    history: list[Step], day: int, value: int, less: bool, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(history) - 1))
    now = step(number, day, value)
    staircase = empty(less=less).with_candidates(candidate(each, less=less) for each in history)
    if staircase.needs_history(now.owner, now):
        return
    changed = [now if each.owner == now.owner else each for each in history]

    made = staircase.with_candidates([candidate(now, less=less)])

    assert list(made.steps) == brute_force(changed, less=less)


@given(histories().filter(bool), st.booleans(), st.data())
def test_a_removed_step_needs_the_history_where_it_stands_on_the_staircase(
    history: list[Step], less: bool, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(history))
    staircase = empty(less=less).with_candidates(candidate(each, less=less) for each in history)
    assert staircase.needs_history(gone.owner, None) == (gone in staircase.steps)


def test_the_earliest_of_equals_stands_and_the_first_is_no_record() -> None:
    first, second = step(1, 2, 100), step(2, 3, 100)
    made = empty(less=False).with_candidates([candidate(second, less=False), candidate(first, less=False)])
    assert made.best == first
    assert made.record is None


@pytest.mark.parametrize("extra", [1, 5])
def test_of_too_many_steps_the_baseline_and_the_newest_remain(extra: int) -> None:
    history = [
        Step(f"2026-01-01T00:00:00.{number:07}Z", f"w{number}", Decimal(number))
        for number in range(MOST_STEPS + extra)
    ]
    made = empty(less=False).with_candidates(candidate(each, less=False) for each in history)
    assert len(made.steps) == MOST_STEPS
    assert made.steps == (history[0], *history[extra + 1 :])
