"""The deployed service: from queue and bucket to table, topic and bus."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from tests.integration.stage import Ear, denied, eventually, physical

from wotr_common import keys
from wotr_common.events import SOURCE
from wotr_common.messages import AcceptedWorkout


@pytest.fixture(scope="module")
def topic(outputs: dict[str, str]) -> Iterator[Ear]:
    """Hears how imports end."""
    ear, sns = Ear(), boto3.client("sns")
    subscription = sns.subscribe(
        TopicArn=outputs["workers.ImportsTopicArn"],
        Protocol="sqs",
        Endpoint=ear.arn,
        ReturnSubscriptionArn=True,
    )
    yield ear
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    ear.close()


@pytest.fixture(scope="module")
def bus(outputs: dict[str, str]) -> Iterator[Ear]:
    """Hears this service's events."""
    ear, events = Ear(), boto3.client("events")
    name, rule = outputs["platform.EventBusName"], f"wotr-test-{secrets.token_hex(6)}"
    events.put_rule(Name=rule, EventBusName=name, EventPattern=json.dumps({"source": [SOURCE]}))
    events.put_targets(Rule=rule, EventBusName=name, Targets=[{"Id": "ear", "Arn": ear.arn}])
    yield ear
    events.remove_targets(Rule=rule, EventBusName=name, Ids=["ear"])
    events.delete_rule(Name=rule, EventBusName=name)
    ear.close()


def accepted(user: str, day: int) -> str:
    return AcceptedWorkout.model_validate(
        {
            "userId": user,
            "acceptedAt": "2026-03-01T00:00:00Z",
            "correlationId": f"{user}-{day}",
            "workout": {"type": "run", "startedAt": f"2026-02-{day:02}T07:00:00Z", "durationMin": 30},
        }
    ).text()


def stored(outputs: dict[str, str], user: str) -> list[dict[str, Any]]:
    low, high = keys.workout_range(None, None)
    return boto3.client("dynamodb").query(
        TableName=outputs["data.WorkoutsTableName"],
        KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues={
            ":pk": {"S": keys.user_pk(user)},
            ":low": {"S": low},
            ":high": {"S": high},
        },
        ConsistentRead=True,
    )["Items"]


def dead_letters(url: str) -> list[dict[str, Any]]:
    """What is in a dead-letter queue; it stays there."""
    found = boto3.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
    )
    return [dict(message) for message in found.get("Messages", [])]


def events_of(bus: Ear, user: str) -> list[dict[str, Any]]:
    """The events of the user's workouts."""
    heard = [event["detail"] for event in bus.heard() if event["detail"]["userId"] == user]
    return [event for event in heard if event["name"].startswith("workout.")]


def test_queued_workouts_are_stored_and_become_events_while_poison_alone_is_set_aside(
    outputs: dict[str, str], bus: Ear, user: str
) -> None:
    sqs, poison = boto3.client("sqs"), f"poison of {user}"
    bodies = [accepted(user, 1), poison, accepted(user, 2), accepted(user, 1), accepted(user, 3)]
    sqs.send_message_batch(
        QueueUrl=outputs["workers.WorkoutQueueUrl"],
        Entries=[{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)],
    )

    assert len(eventually(lambda: stored(outputs, user), lambda found: len(found) == 3)) == 3
    url = outputs["workers.WorkoutDeadLetterQueueUrl"]
    letters = eventually(lambda: [each for each in dead_letters(url) if each["Body"] == poison], bool)
    assert "not an accepted workout" in letters[0]["MessageAttributes"]["reason"]["StringValue"]
    said = eventually(lambda: events_of(bus, user), lambda found: len(found) >= 3)
    assert sorted(event["correlationId"] for event in said) == [f"{user}-{day}" for day in (1, 2, 3)]
    assert len({event["id"] for event in said}) == 3
    kept = sqs.receive_message(QueueUrl=url, VisibilityTimeout=5, MaxNumberOfMessages=10).get("Messages", [])
    for message in kept:
        if message["Body"] == poison:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_an_upload_is_imported_told_and_published_once(
    outputs: dict[str, str], topic: Ear, bus: Ear, user: str
) -> None:
    rows = [f"run,2026-01-{day:02}T07:00:00Z,{'?' if day == 5 else 30}" for day in range(1, 21)]
    content = "\n".join(["type,startedAt,durationMin", *rows]).encode()

    def imported(import_id: str) -> Any:
        boto3.client("s3").put_object(
            Bucket=outputs["data.UploadsBucketName"], Key=f"uploads/{user}/{import_id}.csv", Body=content
        )
        messages = eventually(
            lambda: [
                said
                for heard in topic.heard()
                if (said := json.loads(heard["Message"]))["userId"] == user and said["importId"] == import_id
            ],
            bool,
        )
        return messages[0]

    first = imported("first")
    assert first["message"] == "19 new, 0 known, 1 set aside"
    assert len(stored(outputs, user)) == 19
    said = eventually(lambda: events_of(bus, user), lambda found: len(found) >= 19)
    assert {(event["data"]["source"], event["data"]["importId"]) for event in said} == {("csv", "first")}

    assert imported("second")["message"] == "0 new, 19 known, 1 set aside"
    assert len(stored(outputs, user)) == 19
    assert len({event["id"] for event in events_of(bus, user)}) == 19


def test_an_enrolment_that_nobody_can_read_is_set_aside_at_once(outputs: dict[str, str], user: str) -> None:
    sqs, dead = boto3.client("sqs"), physical("EnrolmentDeadLetterQueue")
    poison = f"poison of {user}"
    sqs.send_message(QueueUrl=outputs["workers.EnrolmentQueueUrl"], MessageBody=poison)

    (letter,) = eventually(lambda: [each for each in dead_letters(dead) if each["Body"] == poison], bool)
    assert letter["MessageAttributes"]["reason"]["StringValue"]
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])


def test_an_import_that_fails_comes_again_soon_and_is_finished_then(
    outputs: dict[str, str], topic: Ear, user: str
) -> None:
    logs, group = boto3.client("logs"), physical("ImportCsvLogGroup")
    content = b"type,startedAt,durationMin\nrun,2026-01-01T07:00:00Z,30\n"

    def gave_up() -> list[str]:
        lines = [each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]]
        return [line for line in lines if "import not finished" in line and import_id in line]

    import_id = f"failing-{secrets.token_hex(6)}"
    with denied("ImportCsvRole", "dynamodb:PutItem"):
        boto3.client("s3").put_object(
            Bucket=outputs["data.UploadsBucketName"], Key=f"uploads/{user}/{import_id}.csv", Body=content
        )
        eventually(gave_up, bool)
    # Within the patience of a test, and not when the visibility timeout of half an hour ends.
    eventually(lambda: stored(outputs, user), lambda found: len(found) == 1)


def test_what_is_no_export_is_refused_with_the_reason(outputs: dict[str, str], topic: Ear, user: str) -> None:
    boto3.client("s3").put_object(
        Bucket=outputs["data.UploadsBucketName"], Key=f"uploads/{user}/bad.csv", Body=b"name,colour\n1,red\n"
    )
    found = eventually(
        lambda: [said for heard in topic.heard() if (said := json.loads(heard["Message"]))["userId"] == user],
        bool,
    )
    assert found[0]["state"] == "refused"
    assert "Found: name,colour" in found[0]["reason"]
    mine = [
        each for each in dead_letters(outputs["workers.ImportDeadLetterQueueUrl"]) if user in each["Body"]
    ]
    assert mine == []
