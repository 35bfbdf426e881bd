"""Every stored workout becomes one event, or is set aside while its neighbours go on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from tests.unit.cloud import Queue

from wotr_common.dead_letters import DeadLetters
from wotr_common.events import WorkoutCreated
from wotr_common.messages import AcceptedWorkout
from wotr_common.versions import first_version
from wotr_workers.bus import Bus
from wotr_workers.outbox import MOST_TRIES, PAUSES_S
from wotr_workers.publisher import Batch, event_in, publish
from wotr_workers.store import raw
from wotr_workers.workouts import accepted_item

WRITTEN = datetime(2026, 3, 1, 0, 0, 2, tzinfo=UTC)


def item(day: int) -> dict[str, Any]:
    accepted = AcceptedWorkout.model_validate(
        {
            "userId": "ada",
            "acceptedAt": datetime(2026, 3, 1, tzinfo=UTC),
            "correlationId": f"call-{day}",
            "workout": {"type": "run", "startedAt": f"2026-02-{day:02}T07:00:00Z", "durationMin": 30.5},
        }
    )
    return accepted_item(accepted, 1, WRITTEN)


def record(day: int = 1, name: str = "INSERT", **image: Any) -> dict[str, Any]:
    stored = raw(item(day))
    return {
        "eventID": f"event-{day}",
        "eventName": name,
        "dynamodb": {
            "SequenceNumber": str(100 + day),
            "Keys": {"pk": stored["pk"], "sk": stored["sk"]},
            "NewImage": stored | image,
        },
    }


def other(day: int) -> dict[str, Any]:
    """A record of another user."""
    return record(day, pk={"S": "USER#grace"}, userId={"S": "grace"})


class Stubbed:
    """A bus whose answers a test scripts."""

    def __init__(self) -> None:
        self.client = boto3.client("events")
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.pauses: list[float] = []
        self.bus = Bus(self.client, "wotr-dev")

    def publish(self, records: list[dict[str, Any]], failures: DeadLetters) -> Batch:
        return publish(records, self.bus, failures, self.pauses.append)

    def answers(self, *failed: bool) -> None:
        entries: list[dict[str, str]] = [
            {"ErrorCode": "InternalFailure", "ErrorMessage": "busy"} if each else {"EventId": "e"}
            for each in failed
        ]
        self.stub.add_response(
            "put_events", {"FailedEntryCount": sum(failed), "Entries": entries}, {"Entries": ANY}
        )


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed()


def test_an_event_says_what_was_stored(queue: Queue) -> None:
    event = event_in(record(3))
    assert event
    assert json.loads(event.text()) == {
        "version": 1,
        "name": "workout.created",
        "id": str(event.id),
        "occurredAt": "2026-03-01T00:00:00.000Z",
        "correlationId": "call-3",
        "userId": "ada",
        "data": {
            "workoutId": "20260203T070000000Z",
            "version": first_version(WRITTEN),
            "type": "run",
            "startedAt": "2026-02-03T07:00:00.000Z",
            "durationMin": 30.5,
            "intensity": "moderate",
            "source": "api",
        },
    }
    again = event_in(record(3))
    assert again
    assert again.id == event.id, "a replay must say the same"


def test_events_reach_the_bus_in_tens(aws: None, queue: Queue, dead_letters: DeadLetters) -> None:
    events = boto3.client("events")
    events.create_event_bus(Name="wotr-dev")
    events.put_rule(Name="all", EventBusName="wotr-dev", EventPattern='{"source": ["wotr.workers"]}')
    arn = queue.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])["Attributes"]
    events.put_targets(Rule="all", EventBusName="wotr-dev", Targets=[{"Id": "q", "Arn": arn["QueueArn"]}])

    batch = publish([record(day) for day in range(1, 24)], Bus(events, "wotr-dev"), dead_letters)

    assert (batch.published, batch.set_aside, batch.failed_ids) == (23, 0, [])
    bodies = [letter["body"] for _ in range(3) for letter in queue.messages()]
    heard = [WorkoutCreated.model_validate(json.loads(body)["detail"]) for body in bodies]
    assert {event.correlation_id for event in heard} == {f"call-{day}" for day in range(1, 24)}
    assert {json.loads(body)["detail-type"] for body in bodies} == {"workout.created"}


def test_a_change_that_means_no_event_makes_none(stubbed: Stubbed, dead_letters: DeadLetters) -> None:
    profile = record()
    profile["dynamodb"]["Keys"]["sk"] = {"S": "PROFILE"}
    bookkeeping = record(name="MODIFY")
    bookkeeping["dynamodb"]["OldImage"] = bookkeeping["dynamodb"]["NewImage"]

    batch = stubbed.publish([profile, bookkeeping], dead_letters)

    assert (batch.published, batch.set_aside, batch.failed_ids) == (0, 0, [])


def test_a_refused_entry_is_tried_again_alone(stubbed: Stubbed, dead_letters: DeadLetters) -> None:
    stubbed.answers(False, True, False)
    stubbed.answers(False)

    batch = stubbed.publish([record(1), other(2), record(3)], dead_letters)

    assert (batch.published, batch.set_aside) == (3, 0)
    assert stubbed.pauses == [PAUSES_S[0]]


def test_an_entry_refused_to_the_end_is_set_aside_with_payload_and_reason(
    stubbed: Stubbed, queue: Queue, dead_letters: DeadLetters
) -> None:
    stubbed.answers(False, True)
    for _ in PAUSES_S:
        stubbed.answers(True)

    batch = stubbed.publish([record(1), record(2)], dead_letters)

    assert (batch.published, batch.set_aside, batch.failed_ids) == (1, 1, [])
    (letter,) = queue.messages()
    assert json.loads(letter["body"]) == record(2)
    assert (letter["reason"], letter["correlationId"]) == ("InternalFailure: busy", "call-2")


def test_what_followed_a_refused_event_of_its_user_goes_again_behind_it(
    stubbed: Stubbed, dead_letters: DeadLetters
) -> None:
    stubbed.answers(True, False, False)
    stubbed.answers(False, False)

    batch = stubbed.publish([record(1), other(2), record(3)], dead_letters)

    assert (batch.published, batch.set_aside) == (3, 0)


def test_while_the_bus_takes_nothing_the_stream_keeps_everything(
    stubbed: Stubbed, queue: Queue, dead_letters: DeadLetters
) -> None:
    stubbed.answers(*(False for _ in range(10)))
    for _ in range(MOST_TRIES):
        stubbed.stub.add_client_error("put_events", "ServiceUnavailable", http_status_code=503)

    batch = stubbed.publish([record(day) for day in range(1, 13)], dead_letters)

    assert (batch.published, batch.set_aside, batch.failed_ids) == (10, 0, ["111", "112"])
    assert stubbed.pauses == list(PAUSES_S)
    assert queue.messages() == []


def test_an_event_that_makes_the_whole_call_fail_costs_no_other(
    stubbed: Stubbed, queue: Queue, dead_letters: DeadLetters
) -> None:
    for _ in range(MOST_TRIES):  # both together, and each alone
        for _ in range(2):
            stubbed.stub.add_client_error("put_events", "ValidationException", "too large")
        stubbed.answers(False)

    batch = stubbed.publish([record(1), record(2)], dead_letters)

    assert (batch.published, batch.set_aside, batch.failed_ids) == (1, 1, [])
    (letter,) = queue.messages()
    assert json.loads(letter["body"]) == record(1)
    assert "too large" in letter["reason"]


def test_a_call_that_fails_is_tried_again(stubbed: Stubbed, dead_letters: DeadLetters) -> None:
    stubbed.stub.add_client_error("put_events", "ThrottlingException")
    stubbed.answers(False)

    assert stubbed.publish([record(1)], dead_letters).published == 1


def test_an_unreadable_record_is_set_aside_and_its_neighbours_go_on(
    stubbed: Stubbed, queue: Queue, dead_letters: DeadLetters
) -> None:
    stubbed.answers(False)

    batch = stubbed.publish([record(1, durationMin={"S": "long"}), record(2)], dead_letters)

    assert (batch.published, batch.set_aside, batch.failed_ids) == (1, 1, [])
    assert queue.messages()[0]["correlationId"] == "call-1"


def test_where_even_the_failure_queue_fails_the_stream_sends_it_again(stubbed: Stubbed, queue: Queue) -> None:
    stubbed.answers(False)
    nowhere = DeadLetters(queue.sqs, queue.url + "-gone")

    batch = stubbed.publish([record(1, durationMin={"S": "long"}), record(2)], nowhere)

    assert (batch.published, batch.failed_ids) == (1, ["101"])
