"""Totals as they are answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.calls import ATHLETE, event, send
from tests.unit.cloud import Cloud

from wotr_common import keys

ZERO = {"workouts": 0, "minutes": 0, "calories": 0, "distanceM": 0}


def total(user_id: str, kind: str, subject: str, **sums: str | int) -> dict[str, Any]:
    numbers = {name: Decimal(value) for name, value in sums.items()}
    return {**keys.total_key(user_id, kind, subject), **numbers}


def test_totals_are_answered_by_type_and_week(cloud: Cloud) -> None:
    cloud.put_totals(
        total("sam", "ALL", "", workouts=3, minutes="95.5", calories=900, distanceM="12000"),
        total("sam", "TYPE", "run", workouts=2, minutes="65.5", calories=700, distanceM="12000"),
        total("sam", "TYPE", "strength", workouts=1, minutes="30", calories=200, distanceM=0),
        total("sam", "WEEK", "2026-W09", workouts=1, minutes="30", calories=200, distanceM=0),
        total("sam", "WEEK", "2026-W10", workouts=2, minutes="65.5", calories=700, distanceM="12000"),
        {**keys.counted_key("sam", "20260301T000000000Z"), "version": 1},
        total("kim", "ALL", "", workouts=9, minutes=9, calories=9, distanceM=9),
    )

    answer = send("stats", event("GET", "/stats/sam"))

    runs = {"workouts": 2, "minutes": 65.5, "calories": 700, "distanceM": 12000}
    strength = {"workouts": 1, "minutes": 30, "calories": 200, "distanceM": 0}
    assert (answer.status, answer.body) == (
        200,
        {
            "userId": "sam",
            "total": {"workouts": 3, "minutes": 95.5, "calories": 900, "distanceM": 12000},
            "byType": {"run": runs, "strength": strength},
            "byWeek": {"2026-W10": runs, "2026-W09": strength},
        },
    )
    assert list(answer.body["byWeek"]) == ["2026-W10", "2026-W09"]


def test_an_athlete_sees_their_own(cloud: Cloud) -> None:
    cloud.put_totals(total(ATHLETE, "ALL", "", workouts=1), total("sam", "ALL", "", workouts=5))

    answer = send("stats", event("GET", "/me/stats", athlete=ATHLETE))

    assert (answer.body["userId"], answer.body["total"]["workouts"]) == (ATHLETE, 1)


def test_nobody_has_zeros(cloud: Cloud) -> None:
    answer = send("stats", event("GET", "/stats/nobody"))

    assert answer.body == {"userId": "nobody", "total": ZERO, "byType": {}, "byWeek": {}}


def test_at_most_ten_years_of_weeks_are_answered_the_newest_ones(cloud: Cloud) -> None:
    weeks = [f"{year}-W{week:02d}" for year in range(2010, 2026) for week in range(1, 53)]
    cloud.put_totals(*(total("sam", "WEEK", week, workouts=1, minutes="0.1") for week in weeks))
    cloud.put_totals(total("sam", "ALL", "", workouts=len(weeks)))

    answer = send("stats", event("GET", "/stats/sam"))

    assert list(answer.body["byWeek"]) == sorted(weeks, reverse=True)[:520]
    assert answer.body["total"]["workouts"] == len(weeks)


@pytest.mark.parametrize("user_id", ["a%20b", "x" * 65])
def test_a_user_nobody_can_be_is_404(cloud: Cloud, user_id: str) -> None:
    assert send("stats", event("GET", f"/stats/{user_id}")).status == 404


@pytest.mark.parametrize(("path", "status"), [("/stats/sam", 403), ("/me/stats", 401)])
def test_a_caller_without_a_name_is_refused_even_if_the_gateway_let_them_in(
    cloud: Cloud, path: str, status: int
) -> None:
    assert send("stats", event("GET", path, machine=None)).status == status


def test_health_needs_nothing() -> None:
    answer = send("health", event("GET", "/health", machine=None))

    assert (answer.status, answer.body) == (200, {"status": "ok", "stage": "dev"})
