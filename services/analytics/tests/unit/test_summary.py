"""A report says what a plain count says, in the same bytes in any order, and keeps no workouts."""

from __future__ import annotations

import json
import tracemalloc
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wotr_analytics.summaries.summary import Done, report, text

DAY = date(2026, 11, 24)
amounts = st.none() | st.decimals(0, 100_000, places=3)
workouts = st.lists(
    st.builds(
        Done,
        st.sampled_from(["ana", "ben", "cleo"]),
        st.sampled_from(["run", "ride", "yoga"]),
        st.sampled_from(["api", "csv", "strava"]),
        amounts,
        amounts,
        amounts,
    ),
    max_size=30,
)


def counted(chosen: list[Done]) -> dict[str, Any]:
    return {
        "workouts": len(chosen),
        "athletes": len({each.user_id for each in chosen}),
        "minutes": float(sum(each.minutes or Decimal(0) for each in chosen)),
        "calories": float(sum(each.calories or Decimal(0) for each in chosen)),
        "distanceM": float(sum(each.distance_m or Decimal(0) for each in chosen)),
    }


@given(workouts)
def test_sums_are_those_of_a_plain_count(done: list[Done]) -> None:
    made = report(DAY, iter(done))

    assert made["totals"] == counted(done)
    assert made["byType"] == {
        name: counted([each for each in done if each.type == name]) for name in {each.type for each in done}
    }
    assert made["bySource"] == {
        name: counted([each for each in done if each.source == name])
        for name in {each.source for each in done}
    }


@given(workouts, st.data())
def test_the_same_workouts_give_the_same_bytes_in_any_order(done: list[Done], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(done))

    assert text(report(DAY, done)) == text(report(DAY, shuffled))


def test_a_day_without_workouts_has_a_report_that_says_so() -> None:
    assert json.loads(text(report(DAY, []))) == {
        "version": 1,
        "day": "2026-11-24",
        "totals": {"workouts": 0, "athletes": 0, "minutes": 0, "calories": 0, "distanceM": 0},
        "byType": {},
        "bySource": {},
    }


def test_numbers_are_written_plainly_and_to_a_thousandth() -> None:
    done = [Done("ana", "run", "api", Decimal("0.1"))] * 3 + [
        Done("ana", "run", "api", None, Decimal("300.0"))
    ]

    written = text(report(DAY, done)).decode()

    assert '"minutes": 0.3,' in written
    assert '"calories": 300,' in written


def test_memory_does_not_grow_with_the_workouts() -> None:
    def year_of_a_city(count: int) -> int:
        rows = (
            Done(f"user-{n % 500}", "run", "api", Decimal(30), Decimal(300), Decimal(5000))
            for n in range(count)
        )
        tracemalloc.start()
        assert report(DAY, rows)["totals"]["workouts"] == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert year_of_a_city(200_000) < year_of_a_city(2_000) + 100_000
