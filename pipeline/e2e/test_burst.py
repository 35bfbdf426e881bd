"""A burst of writes is buffered, not refused; poison harms nothing but itself."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
from waiting import depth, eventually

from stage_client import Stage

BURST = 100
FIRST = datetime(2026, 2, 1, tzinfo=UTC)


def history(stage: Stage, user_id: str) -> list[str]:
    """Starts of all workouts of a user."""
    role = stage.outputs("auth")["MachineClientRoleArn"]
    query = {"userId": user_id, "limit": "100"}
    found = stage.signed("GET", "/workouts", query=query, role_arn=role).json()
    assert "nextToken" not in found
    return [each["startedAt"] for each in found["workouts"]]


def test_a_hundred_at_once_are_all_accepted_and_all_written_though_one_message_is_poison(
    stage: Stage, user_id: str
) -> None:
    role = stage.outputs("auth")["MachineClientRoleArn"]
    workers = stage.outputs("workers")
    dead = workers["WorkoutDeadLetterQueueUrl"]
    assert depth(dead) == 0

    def post(number: int) -> int:
        body = {
            "userId": user_id,
            "type": "run",
            "startedAt": (FIRST + timedelta(hours=number)).isoformat(),
            "durationMin": 30,
        }
        return stage.signed("POST", "/workouts", body, role_arn=role).status

    with ThreadPoolExecutor(BURST) as callers:
        statuses = list(callers.map(post, range(BURST)))
        poison = f'{{"version": 1, "poison": "{user_id}"}}'
        boto3.client("sqs").send_message(QueueUrl=workers["WorkoutQueueUrl"], MessageBody=poison)
    assert statuses == [202] * BURST
    written = eventually(lambda: history(stage, user_id), lambda found: len(found) >= BURST, "the burst")
    assert len(set(written)) == BURST
    eventually(lambda: depth(dead), lambda found: found == 1, "the dead-letter queue")
    got = boto3.client("sqs").receive_message(
        QueueUrl=dead, MessageAttributeNames=["All"], MaxNumberOfMessages=10, WaitTimeSeconds=2
    )["Messages"]
    try:
        assert [json.loads(message["Body"])["poison"] for message in got] == [user_id]
        assert got[0]["MessageAttributes"]["reason"]["StringValue"]
    finally:
        for message in got:
            boto3.client("sqs").delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
