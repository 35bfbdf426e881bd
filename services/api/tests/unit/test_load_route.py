"""GET /me/load: what is read of the table, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.calls import ATHLETE, event, send
from tests.unit.cloud import Cloud

from wotr_common import keys
from wotr_common.workout import Workout

RANGE = "from=2026-03-01&to=2026-03-07"


def workout(at: str, **said: Any) -> Workout:
    start = datetime.fromisoformat(at)
    return Workout.model_validate(
        {
            "type": "run",
            "startedAt": start,
            "durationMin": 60,
            "userId": ATHLETE,
            "workoutId": keys.workout_id(start),
            "createdAt": start,
            **said,
        }
    )


def load(query: str = RANGE) -> dict[str, Any]:
    answer = send("query", event("GET", f"/me/load?{query}", athlete=ATHLETE))
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


def test_load_is_made_of_the_athletes_own_workouts_and_a_year_before(cloud: Cloud) -> None:
    cloud.store(
        workout("2025-03-01T12:00:00Z", rpe=10),  # the first day that is read
        workout("2025-02-28T12:00:00Z", rpe=10, durationMin=40_000),
        workout("2026-03-02T12:00:00Z", rpe=5),
        workout("2026-03-02T18:00:00Z", rpe=2.5),
        workout("2026-03-08T00:00:00Z", rpe=10),
        workout("2026-03-02T12:00:00Z", rpe=10, userId="sam"),
    )

    found = load()

    assert (found["metric"], found["unit"], found["timezone"]) == ("session_rpe", "RPE x minutes", "UTC")
    assert "2025-03-01" in found["seed"]
    assert found["coverage"] == {"workouts": 2, "sessionRpe": 2, "trimp": 0, "volume": 0, "leftOut": 0}
    assert [day["date"] for day in found["days"]] == [f"2026-03-0{day}" for day in range(1, 8)]
    assert found["days"][1] == {
        "date": "2026-03-02",
        "load": 450.0,
        "sessionRpe": 450.0,
        "trimp": None,
        "volumeKg": 0.0,
        "fitness": 10.7,
        "fatigue": 64.3,
        "form": 0.0,
        "monotony": 0.41,
        "strain": 183.7,
        "acuteChronic": 3.62,
    }


def test_the_profile_says_the_clock_and_what_heart_rates_mean(cloud: Cloud) -> None:
    cloud.put(
        {
            **keys.profile_key(ATHLETE),
            "version": 3,
            "timezone": "Pacific/Auckland",
            "sex": "male",
            "restingHeartRate": Decimal(40),
            "maxHeartRate": Decimal(200),
        }
    )
    cloud.store(workout("2026-03-02T12:00:00Z", avgHeartRate=130, durationMin=30))

    found = load(RANGE + "&metric=trimp")

    assert (found["metric"], found["timezone"]) == ("trimp", "Pacific/Auckland")
    assert [day["trimp"] for day in found["days"]] == [0, 0, 31.8, 0, 0, 0, 0]


def test_a_history_of_many_pages_is_read_to_its_end(cloud: Cloud) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    starts = [first + timedelta(minutes=20 * number) for number in range(400)]
    cloud.store(*(workout(at.isoformat(), rpe=1, durationMin=1, notes="ü" * 2000) for at in starts))

    assert sum(day["load"] for day in load()["days"]) == 400


def test_who_has_nothing_has_days_without_load(cloud: Cloud) -> None:
    found = load("")

    assert len(found["days"]) == 42
    assert {day["load"] for day in found["days"]} == {0}
    assert {day["acuteChronic"] for day in found["days"]} == {None}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=2026-03-08&to=2026-03-07", "from"),
        ("from=2024-01-01&to=2025-01-01", "from"),
        ("from=0001-01-01&to=0001-01-31", "from"),
        ("to=9999-12-31", "to"),
        ("from=2026-02-30", "from"),
        ("from=1772323200", "from"),
        ("from=2026-03-01T00:00:00Z", "from"),
        ("metric=power", "metric"),
        ("unit=kg", "unit"),
        ("from=2026-03-01&from=2026-03-02", "from"),
    ],
)
def test_a_wrong_parameter_is_named(cloud: Cloud, query: str, pointer: str) -> None:
    answer = send("query", event("GET", f"/me/load?{query}", athlete=ATHLETE))

    assert answer.status == 422
    assert {found.strip("/") for found in answer.pointers()} >= {pointer}


def test_nobody_sees_load_without_having_signed_in(cloud: Cloud) -> None:
    assert send("query", event("GET", "/me/load", machine=None)).status == 401
