"""Queued messages become workouts, exactly one each; poison alone goes to the dead letters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.unit import cloud
from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_common.items import workout_from_item
from wotr_common.versions import first_version
from wotr_workers.store import Workouts
from wotr_workers.writer import write

ACCEPTED: dict[str, Any] = {
    "version": 1,
    "userId": "ada",
    "acceptedAt": "2026-03-01T18:00:00.000Z",
    "correlationId": "call-7",
    "warnings": ["avgHeartRate: unusual"],
    "workout": {"type": "run", "startedAt": "2026-03-01T17:30:00.000Z", "durationMin": 31.5},
}


def record(body: object, message_id: str = "m1", **attributes: str) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "body": body if isinstance(body, str) else json.dumps(body),
        "messageAttributes": {name: {"stringValue": value} for name, value in attributes.items()},
    }


def stored(dynamodb: Any) -> list[dict[str, Any]]:
    return cloud.stored(dynamodb, cloud.notes())


def test_an_accepted_workout_is_stored_whole(
    dynamodb: Any, workouts: Workouts, dead_letters: DeadLetters
) -> None:
    now = datetime(2026, 3, 1, 18, 1, tzinfo=UTC)

    batch = write([record(ACCEPTED)], workouts, dead_letters, shards=1, clock=lambda: now)

    assert (batch.written, batch.failed_ids) == (1, [])
    (item,) = stored(dynamodb)
    assert item["correlationId"] == "call-7"
    assert item["pk"] == keys.user_pk("ada")
    workout = workout_from_item(item)
    assert workout.answer() == {
        "type": "run",
        "startedAt": "2026-03-01T17:30:00.000Z",
        "durationMin": 31.5,
        "intensity": "moderate",
        "userId": "ada",
        "workoutId": "20260301T173000000Z",
        "version": first_version(now),
        "source": "api",
        "createdAt": "2026-03-01T18:00:00.000Z",
        "warnings": ["avgHeartRate: unusual"],
    }


def test_the_same_start_is_the_same_workout_and_no_error(
    dynamodb: Any, workouts: Workouts, dead_letters: DeadLetters
) -> None:
    later = ACCEPTED | {"workout": ACCEPTED["workout"] | {"durationMin": 90}}

    batch = write([record(ACCEPTED), record(ACCEPTED, "m2"), record(later, "m3")], workouts, dead_letters, 1)

    assert (batch.written, batch.duplicates, batch.failed_ids) == (1, 2, [])
    (item,) = stored(dynamodb)
    assert item["durationMin"] == pytest.approx(31.5)


POISON = {
    "no JSON": ("run, run, run", "Invalid JSON"),
    "not an object": ("[]", "must be"),
    "another version": (ACCEPTED | {"version": 2}, "version"),
    "a wrong field": (
        ACCEPTED | {"workout": ACCEPTED["workout"] | {"durationMin": "long"}},
        "workout/durationMin",
    ),
    "a lone surrogate": ('{"\\ud800": 1}', ""),
    "a missing field": ({"version": 1, "userId": "ada"}, "workout: is required"),
}


@pytest.mark.parametrize("case", POISON)
def test_poison_goes_to_the_dead_letters_with_its_reason_and_its_neighbours_are_written(
    case: str, queue: Any, workouts: Workouts, dead_letters: DeadLetters
) -> None:
    body, reason = POISON[case]

    batch = write(
        [record(body, "bad", correlationId="call-9"), record(ACCEPTED, "good")], workouts, dead_letters, 1
    )

    assert (batch.written, batch.set_aside, batch.failed_ids) == (1, 1, [])
    (letter,) = queue.messages()
    assert letter["body"] == (body if isinstance(body, str) else json.dumps(body))
    assert reason in letter["reason"]
    assert letter["correlationId"] == "call-9"


def test_a_reason_does_not_repeat_what_the_message_held(
    queue: Any, workouts: Workouts, dead_letters: DeadLetters
) -> None:
    write([record(ACCEPTED | {"userId": "the secret name!"})], workouts, dead_letters, 1)

    (letter,) = queue.messages()
    assert "secret" not in letter["reason"]


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "AccessDeniedException"])
def test_what_may_work_later_comes_again(code: str, queue: Any, dead_letters: DeadLetters) -> None:
    client = boto3.client("dynamodb")
    with Stubber(client) as stub:
        stub.add_client_error("put_item", service_error_code=code)
        stub.add_response("put_item", {})
        batch = write(
            [record(ACCEPTED, "first"), record(ACCEPTED, "second")], Workouts(client, "t"), dead_letters, 1
        )

    assert (batch.failed_ids, batch.written) == (["first"], 1)
    assert queue.messages() == []


def test_what_dynamodb_will_never_take_is_set_aside(queue: Any, dead_letters: DeadLetters) -> None:
    client = boto3.client("dynamodb")
    with Stubber(client) as stub:
        stub.add_client_error("put_item", "ValidationException", "Item size has exceeded the maximum")
        batch = write([record(ACCEPTED)], Workouts(client, "t"), dead_letters, 1)

    assert (batch.failed_ids, batch.set_aside) == ([], 1)
    assert "Item size" in queue.messages()[0]["reason"]


def test_poison_that_cannot_be_set_aside_comes_again(queue: Any, workouts: Workouts) -> None:
    nowhere = DeadLetters(queue.sqs, queue.url + "-gone")

    batch = write([record("poison", "bad"), record(ACCEPTED, "good")], workouts, nowhere, 1)

    assert (batch.failed_ids, batch.written) == (["bad"], 1)
