"""Events: what they say of a workout, and that a replay says the same."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from tests.given import workout

from wotr_common.events import WorkoutCreated, workout_created


def test_an_event_says_what_was_stored_and_keeps_what_is_private() -> None:
    stored = workout(distanceM=5000.5, notes="private", photoKey="photos/x", importId="x-1", source="strava")

    event = json.loads(workout_created(stored, "req-1").text())

    assert event.pop("id")
    assert event == {
        "version": 1,
        "name": "workout.created",
        "occurredAt": "2026-11-20T12:00:00.000Z",
        "correlationId": "req-1",
        "userId": "ana",
        "data": {
            "workoutId": "20261116T063000000Z",
            "version": 1,
            "type": "run",
            "startedAt": "2026-11-16T06:30:00.000Z",
            "durationMin": 30,
            "distanceM": 5000.5,
            "intensity": "moderate",
            "source": "strava",
            "importId": "x-1",
        },
    }


def test_an_id_follows_from_user_workout_and_version() -> None:
    first = workout_created(workout(), "req-1").id

    assert workout_created(workout(notes="other"), "req-2").id == first
    others = [workout(version=2), workout(userId="ben"), workout(workoutId="20261116T063000001Z")]
    assert len({first, *(workout_created(other, "req-1").id for other in others)}) == 4


def test_ids_are_the_same_in_every_release() -> None:
    assert str(workout_created(workout(), "req-1").id) == "ca7ae0a7-166d-51d2-bf1d-6a5f8391de3a"


def test_what_was_sent_is_what_is_read() -> None:
    sent = workout_created(workout(distanceM=Decimal("0.1"), avgHeartRate=150), "req-1")

    assert WorkoutCreated.model_validate_json(sent.text()) == sent


def test_a_reader_ignores_what_it_does_not_know() -> None:
    sent = workout_created(workout(), "req-1")
    later = json.loads(sent.text()) | {"traceId": "x"}
    later["data"] |= {"shoes": "red", "source": "garmin"}

    assert WorkoutCreated.model_validate(later).data.source == "garmin"


@pytest.mark.parametrize(
    "changed",
    [
        {"workoutId": "../x"},
        {"type": "x" * 33},
        {"type": ""},
        {"version": 0},
        {"version": 10**40},
        {"durationMin": "30"},
        {"durationMin": 1e300},
    ],
)
def test_what_could_not_be_stored_is_no_event(changed: dict[str, Any]) -> None:
    event = json.loads(workout_created(workout(), "req-1").text())
    event["data"] |= changed

    with pytest.raises(ValidationError):
        WorkoutCreated.model_validate(event)
