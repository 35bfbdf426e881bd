"""Personal records and the profile, as they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.calls import ATHLETE, event, send
from tests.unit.cloud import Cloud

from wotr_api.records import longest_lately
from wotr_common import keys
from wotr_common.workout import Workout

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
FIRST = {"startedAt": "2026-01-01T10:00:00.000Z", "value": Decimal(100), "sessionId": "a", "workoutId": "wa"}
BETTER = {
    "startedAt": "2026-02-01T10:00:00.000Z",
    "value": Decimal("102.5"),
    "sessionId": "b",
    "workoutId": "wb",
}


def record(kind: str, subject: str, *history: dict[str, Any], athlete: str = ATHLETE) -> dict[str, Any]:
    return {
        **keys.record_key(athlete, kind, subject),
        "kind": kind,
        "subject": subject,
        "label": subject.title(),
        "unit": "kg",
        "lessIsBetter": False,
        "history": list(history),
        "version": 9,
        **(history[-1] if history else {}),
    }


def get(path: str, athlete: str = ATHLETE) -> Any:
    answer = send("query", event("GET", path, athlete=athlete))
    assert answer.status == 200, answer.body
    return answer.body


def workout(days: float, minutes: float | None, **more: Any) -> Workout:
    """One that began `days` before NOW."""
    at = NOW - timedelta(days=days)
    return Workout.model_validate(
        {
            "type": "run",
            "startedAt": at,
            "durationMin": minutes,
            "userId": ATHLETE,
            "workoutId": keys.workout_id(at),
            "createdAt": at,
            **more,
        }
    )


def test_a_record_is_its_best_value_with_all_that_were_best_before(cloud: Cloud) -> None:
    cloud.put(record("heaviest_weight", "squat", FIRST, BETTER), record("best_e1rm", "squat", FIRST))
    cloud.put(record("heaviest_weight", "squat", FIRST, athlete="somebody-else"))

    found = {each["kind"]: each for each in get("/me/records")["records"]}

    assert found["heaviest_weight"] == {
        "kind": "heaviest_weight",
        "subject": "squat",
        "label": "Squat",
        "unit": "kg",
        "value": 102.5,
        "startedAt": "2026-02-01T10:00:00.000Z",
        "sessionId": "b",
        "workoutId": "wb",
        "baseline": False,
        "history": [FIRST | {"value": 100}, BETTER | {"value": 102.5}],
        "version": 9,
    }
    assert found["best_e1rm"]["baseline"] is True
    assert len(found) == 2


def test_a_record_whose_workouts_are_all_gone_is_none(cloud: Cloud) -> None:
    cloud.put(record("heaviest_weight", "squat"))

    assert get("/me/records") == {"records": []}


def test_records_are_paged_and_chosen_by_kind(cloud: Cloud) -> None:
    cloud.put(*(record("most_reps", f"squat@{weight}", FIRST) for weight in range(30)))
    cloud.put(record("best_e1rm", "懸垂 (アシスト)", FIRST), {**keys.profile_key(ATHLETE), "version": 1})

    found: list[tuple[str, str]] = []
    token = ""
    while True:
        page = get(f"/me/records?limit=7{token}")
        found += [(each["kind"], each["subject"]) for each in page["records"]]
        if "nextToken" not in page:
            break
        token = f"&nextToken={quote(page['nextToken'])}"

    assert len(found) == len(set(found)) == 31
    assert [each["subject"] for each in get("/me/records?kind=best_e1rm")["records"]] == ["懸垂 (アシスト)"]


def test_the_longest_workout_lately_is_answered_with_the_records(cloud: Cloud) -> None:
    now = datetime.now(UTC)
    lately = [
        workout(0, 60).model_copy(update={"started_at": now - timedelta(days=3), "workout_id": "long"}),
        workout(0, 45).model_copy(update={"started_at": now - timedelta(days=20)}),
        workout(0, 90).model_copy(update={"started_at": now - timedelta(days=70)}),
    ]
    cloud.store(*lately)

    found = get("/me/records")["longest30Days"]

    assert (found["workoutId"], found["durationMin"], found["beforeMin"]) == ("long", 60, 45)


@pytest.mark.parametrize(
    ("workouts", "longest"),
    [
        ([], None),
        ([workout(1, 60)], None),  # nothing that it was longer than
        ([workout(1, 60), workout(2, 60)], None),  # strictly longer
        ([workout(1, 60), workout(2, 59)], 60),
        ([workout(1, 60), workout(31.5, 90)], None),  # 90 was more than 30 days before
        ([workout(1, 60), workout(31, 90)], None),
        ([workout(1, 60), workout(30, 90)], None),
        ([workout(1, 60), workout(5, 70), workout(9, 65)], 70),  # the last one was not longer
        ([workout(29, 60), workout(58, 50)], 60),
        ([workout(31, 60), workout(40, 50)], None),  # too long ago to stand
        ([workout(1, 60), workout(2, 500, warnings=["durationMin: unusual"]), workout(3, 50)], 60),
        ([workout(1, 500, warnings=["durationMin: unusual"]), workout(3, 50)], None),
        ([workout(1, None), workout(2, 60), workout(3, None), workout(4, 50)], 60),
        ([workout(-0.5, 60), workout(4, 50)], 60),  # where it is already tomorrow
    ],
)
def test_which_workout_was_the_longest_lately(workouts: list[Workout], longest: int | None) -> None:
    found = longest_lately(workouts, NOW)

    assert (found.duration_min if found else None) == longest


@given(
    st.lists(
        st.tuples(st.integers(0, 59), st.integers(1, 20)), max_size=12, unique_by=lambda each: each[0]
    ).map(lambda made: [workout(days, minutes) for days, minutes in made])
)
def test_nothing_after_the_longest_workout_was_as_long(workouts: list[Workout]) -> None:
    found = longest_lately(workouts, NOW)

    if found is not None:
        later = [each.duration_min or 0 for each in workouts if each.started_at > found.started_at]
        assert all(minutes <= found.duration_min for minutes in later)
        assert found.started_at >= NOW - timedelta(days=30)


def test_the_profile_is_empty_until_something_is_said(cloud: Cloud) -> None:
    assert get("/me/profile") == {}


def test_the_profile_is_answered_with_its_version(cloud: Cloud) -> None:
    said = {"timezone": "Europe/Berlin", "weightUnit": "lb", "sex": "female", "restingHeartRate": Decimal(52)}
    cloud.put({**keys.profile_key(ATHLETE), "userId": ATHLETE, "correlationId": "c", "version": 4, **said})

    answer = send("query", event("GET", "/me/profile", athlete=ATHLETE))

    assert answer.body == said | {"restingHeartRate": 52, "version": 4}
    assert answer.headers["etag"] == '"4"'
    assert get("/me/profile", "somebody-else") == {}
