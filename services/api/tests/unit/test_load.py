"""Training load: the formulas on worked examples, and what holds for any training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotr_api.load import Day, Reserve, monotony, series, session_rpe, trimp

MAN = Reserve("male", resting=40, maximum=200)
WOMAN = Reserve("female", resting=40, maximum=200)

loads = st.floats(0, 1e7, allow_subnormal=False)
histories = st.lists(loads, max_size=60)


def last(history: Sequence[float]) -> Day:
    return list(series(history))[-1]


@pytest.mark.parametrize(
    ("rpe", "minutes", "load"),
    [(2, 25, 50), (7, 120, 840), (7, 40, 280), (3, 60, 180)],
    ids=["jog", "skate", "weights", "cycle"],
)
def test_session_rpe_as_in_the_training_diary_of_foster_2001(rpe: int, minutes: int, load: int) -> None:
    assert session_rpe(rpe, minutes) == load


def test_monotony_and_strain_as_in_the_training_diary_of_foster_2001() -> None:
    diary = [940, 50, 840, 280, 180, 390, 50, 390, 280]  # table 5: the nine entries of one week

    found = monotony(diary)

    assert found is not None
    assert (sum(diary), round(found, 2), sum(diary) * round(found, 2)) == (3400, 1.26, 4284)


def test_a_weeks_monotony_counts_days_and_rests() -> None:
    day = last([0, 600, 0, 600, 0, 600, 0])

    assert day.monotony == pytest.approx(math.sqrt(3) / 2)  # mean 1800/7, population SD 600 sqrt(12)/7
    assert day.strain == pytest.approx(1800 * math.sqrt(3) / 2)


@pytest.mark.parametrize(
    ("average", "reserve", "impulse"),
    [
        (130, MAN, 30 * 0.5625 * 0.64 * math.exp(1.08)),
        (130, WOMAN, 30 * 0.5625 * 0.86 * math.exp(0.939375)),
        (40, MAN, 0),
        (30, MAN, 0),
        (200, MAN, 30 * 0.64 * math.exp(1.92)),
        (215, MAN, 30 * 0.64 * math.exp(1.92)),
        (215, WOMAN, 30 * 0.86 * math.exp(1.67)),
    ],
    ids=["man", "woman", "at rest", "below rest", "maximum", "above maximum", "woman above maximum"],
)
def test_trimp_weighs_half_an_hour_by_the_reserve_in_use(
    average: float, reserve: Reserve, impulse: float
) -> None:
    assert trimp(30, average, reserve) == pytest.approx(impulse)


def test_trimp_of_the_usual_example_is_32() -> None:
    assert round(trimp(30, 130, MAN)) == 32


def test_the_first_days_are_those_of_the_definitions() -> None:
    first, second, third = series([420, 0, 84])

    assert (first.fitness, first.fatigue, first.form) == (10, 60, 0)
    assert second.fitness == pytest.approx(10 * 41 / 42)
    assert second.fatigue == pytest.approx(60 * 6 / 7)
    assert second.form == pytest.approx(10 - 60)
    assert third.form == pytest.approx(second.fitness - second.fatigue)
    assert first.acute_chronic == pytest.approx((1 / 4) / (2 / 29))
    assert second.acute_chronic == pytest.approx((1 / 4 * 3 / 4) / (2 / 29 * 27 / 29))


def test_a_week_must_be_whole_and_uneven_to_have_a_monotony() -> None:
    days = list(series([100, 100, 100, 100, 100, 100, 0, 100]))

    assert [day.monotony is None for day in days] == [True] * 6 + [False, False]
    assert last([100.0] * 30).monotony is None
    assert last([100.0] * 30).strain is None


def test_who_never_trained_has_no_ratio() -> None:
    assert {day.acute_chronic for day in series([0.0] * 40)} == {None}


def test_what_was_before_a_years_lead_hardly_counts() -> None:
    with_past, without = last([1000.0] * 400 + [0.0] * 365), last([0.0] * 365)

    assert 0 < with_past.fitness - without.fitness < 1000 * 0.0002


@given(loads)
def test_constant_load_is_what_fitness_and_fatigue_come_to(load: float) -> None:
    day = last([load] * 600)

    assert day.fitness == pytest.approx(load)
    assert day.fatigue == pytest.approx(load)
    assert day.form == pytest.approx(0, abs=1e-6 * max(load, 1))
    assert day.acute_chronic == (pytest.approx(1) if load else None)


@given(histories)
def test_twice_the_load_is_twice_the_fitness_and_the_same_ratios(history: list[float]) -> None:
    for once, twice in zip(series(history), series([2 * each for each in history]), strict=True):
        assert (twice.fitness, twice.fatigue, twice.form) == pytest.approx(
            (2 * once.fitness, 2 * once.fatigue, 2 * once.form)
        )
        assert twice.monotony == (None if once.monotony is None else pytest.approx(once.monotony))
        assert twice.acute_chronic == (
            None if once.acute_chronic is None else pytest.approx(once.acute_chronic)
        )


@given(histories, histories)
def test_loads_add_up(one: list[float], other: list[float]) -> None:
    both = [a + b for a, b in zip(one, other, strict=False)]
    for day, a, b in zip(series(both), series(one), series(other), strict=False):
        assert day.fitness == pytest.approx(a.fitness + b.fitness)
        assert day.fatigue == pytest.approx(a.fatigue + b.fatigue)


@given(histories)
def test_every_number_is_one_and_none_of_those_that_cannot_be_is_negative(history: list[float]) -> None:
    for day in series(history):
        found = [day.fitness, day.fatigue, day.monotony, day.strain, day.acute_chronic]
        assert all(each is None or (math.isfinite(each) and each >= 0) for each in found)
        assert math.isfinite(day.form)


@given(histories, st.integers(0, 60))
def test_a_part_of_a_series_is_the_beginning_of_the_whole(history: list[float], days: int) -> None:
    assert list(series(history[:days])) == list(islice(series(history), days))


@given(st.lists(loads, min_size=7, max_size=7), st.lists(loads, max_size=20))
def test_monotony_knows_no_more_than_its_seven_days(week: list[float], before: list[float]) -> None:
    assert last(before + week).monotony == last(week).monotony
