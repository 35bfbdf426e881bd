"""What the projector cannot count: set aside alone with its reason, or tried again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.given import (
    TABLE,
    Answer,
    answer_transactions,
    brute_force,
    canceled,
    event,
    message,
    messages,
    no_pause,
    totals_of,
)

from wotr_analytics.projector import Batch, project
from wotr_analytics.store import Views
from wotr_analytics.totals import Amounts
from wotr_common.dead_letters import DeadLetters

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def received(sqs: SQSClient, url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [
        {
            "body": found["Body"],
            **{name: value["StringValue"] for name, value in found["MessageAttributes"].items()},
        }
        for found in answer.get("Messages", [])
    ]


def detail(**changed: object) -> str:
    envelope = json.loads(message(event())["body"])
    envelope["detail"] |= changed
    return json.dumps(envelope)


POISON = {
    "not JSON": ("{", "the message is not JSON", "m-bad"),
    "no event": ("[]", "the message is not an EventBridge event: it has no detail", "m-bad"),
    "no detail": ('{"detail": "x"}', "the message is not an EventBridge event: it has no detail", "m-bad"),
    "a field is missing": (
        detail(data={"workoutId": "20261116T063000000Z"}),
        "data/startedAt: is required",
        "request-of-ana",
    ),
    "another version": (detail(version=2), "version: must be 1", "request-of-ana"),
    "ids that differ": (
        detail(data=json.loads(event(minute=1).text())["data"] | {"workoutId": "20261116T063000000Z"}),
        "data/workoutId does not name data/startedAt",
        "request-of-ana",
    ),
    "a correlation id that is markup": (detail(correlationId="<b>\n", userId=7), "userId", "m-bad"),
}


@pytest.mark.parametrize(("body", "reason", "traced_by"), POISON.values(), ids=POISON)
def test_poison_is_set_aside_alone_with_its_reason(  # noqa: PLR0917
    dynamodb: DynamoDBClient,
    views: Views,
    dead_letters: DeadLetters,
    sqs: SQSClient,
    dead_letter_url: str,
    body: str,
    reason: str,
    traced_by: str,
) -> None:
    records = [message(event(minute=1), "m-1"), message(body, "m-bad"), message(event(minute=2), "m-2")]

    batch = project(records, views, dead_letters, no_pause)

    assert batch.failed_ids == []
    (set_aside,) = received(sqs, dead_letter_url)
    assert set_aside["body"] == body
    assert reason in set_aside["reason"]
    assert set_aside["correlationId"] == traced_by
    assert totals_of(dynamodb, "ana")["TOTAL#ALL"][0] == 2


def test_poison_goes_back_to_the_queue_while_the_dead_letter_queue_fails(
    views: Views, dead_letters: DeadLetters, sqs: SQSClient, dead_letter_url: str
) -> None:
    sqs.delete_queue(QueueUrl=dead_letter_url)

    batch = project([message("{", "m-bad"), message(event(), "m-1")], views, dead_letters, no_pause)

    assert batch == Batch(["m-bad"], Amounts(1, Decimal(30), Decimal(300), Decimal(5000)))


def test_what_dynamodb_refuses_is_set_aside_and_its_neighbours_are_counted(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters, sqs: SQSClient, dead_letter_url: str
) -> None:
    bad = event(minute=3)

    def refuse(body: str) -> Answer | None:
        return canceled("None", "ValidationError") if f"COUNTED#{bad.data.workout_id}" in body else None

    answer_transactions(dynamodb, refuse)
    events = [event(minute=number) for number in range(7)]

    batch = project(messages(events), views, dead_letters, no_pause)

    assert batch.failed_ids == []
    assert batch.first_counted.workouts == 6
    (set_aside,) = received(sqs, dead_letter_url)
    assert json.loads(set_aside["body"])["detail"]["data"]["workoutId"] == bad.data.workout_id
    assert "ValidationError" in set_aside["reason"]
    assert totals_of(dynamodb, "ana") == brute_force([e for e in events if e != bad], "ana")


def test_a_table_that_cannot_be_read_fails_the_whole_batch(
    dynamodb: DynamoDBClient, views: Views, dead_letters: DeadLetters, sqs: SQSClient, dead_letter_url: str
) -> None:
    dynamodb.delete_table(TableName=TABLE)

    with pytest.raises(ClientError):
        project([message(event()), message("{", "m-bad")], views, dead_letters, no_pause)
    assert received(sqs, dead_letter_url) == []  # all of it comes again
