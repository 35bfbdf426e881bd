"""Dead-letter queues by the operator's script: seen, filtered, sent back to the same end, taken out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import redrive
from waiting import depth, eventually

from stage_client import Stage

Run = Callable[..., str]
QUEUE = "workers.WorkoutDeadLetterQueue"


@pytest.fixture
def run(stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["redrive.py", "--stage", stage.name, *words])
        assert redrive.main() == code
        return capsys.readouterr().out

    return call


def accepted(user_id: str) -> str:
    """A workout as the queue holds it once it was accepted."""
    workout = {
        "type": "run",
        "startedAt": "2026-02-10T07:00:00.000Z",
        "durationMin": 30,
        "intensity": "moderate",
    }
    said = {"version": 1, "userId": user_id, "correlationId": f"trip-{user_id}", "workout": workout}
    return json.dumps(said | {"acceptedAt": "2026-02-10T08:00:00.000Z"})


def put(url: str, body: str, **attributes: str) -> None:
    boto3.client("sqs").send_message(
        QueueUrl=url,
        MessageBody=body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )


def test_a_workout_that_failed_is_stored_once_it_is_sent_back_and_poison_stays_behind(
    stage: Stage, run: Run, user_id: str, tmp_path: Path
) -> None:
    url = stage.outputs("workers")["WorkoutDeadLetterQueueUrl"]
    role = stage.outputs("auth")["MachineClientRoleArn"]
    put(url, accepted(user_id))
    put(url, f"poison of {user_id}", reason=f"not JSON {user_id}", correlationId="trip-8")

    def stored() -> list[Any]:
        window = {"from": "2026-02-10T00:00:00Z", "to": "2026-02-11T00:00:00Z", "limit": "100"}
        found = stage.signed("GET", "/workouts", query=window, role_arn=role).json()["workouts"]
        return [each for each in found if each["userId"] == user_id]

    assert QUEUE in run("list")
    shown = run("show", QUEUE, "--contains", user_id)
    assert f"not JSON {user_id}" in shown
    assert "goes to      queue" in shown
    told = run("run", QUEUE, "--contains", user_id, "--dry-run")
    assert "nothing was done" in told
    assert stored() == []

    run("run", QUEUE, "--correlation-id", f"trip-{user_id}")

    assert len(eventually(stored, bool, "the workout that was sent back")) == 1
    assert f"poison of {user_id}" in run("show", QUEUE, "--contains", user_id)
    file = tmp_path / "poison.jsonl"
    run("drop", "workoutdeadletterqueue", "--reason", user_id, "--to", str(file))
    assert json.loads(file.read_text())["body"] == f"poison of {user_id}"
    assert user_id not in run("show", QUEUE, "--contains", user_id, "--whole").partition("0 of")[0]


def test_poison_that_is_sent_back_returns_with_its_reason(stage: Stage, run: Run, user_id: str) -> None:
    url = stage.outputs("workers")["WorkoutDeadLetterQueueUrl"]
    put(url, f"{{poison of {user_id}")

    run("run", QUEUE, "--contains", user_id)

    shown = eventually(
        lambda: run("show", QUEUE, "--contains", user_id), lambda text: "reason" in text, "the poison"
    )
    assert "Invalid JSON" in shown
    run("drop", QUEUE, "--contains", user_id, "--to", "/dev/null")


def test_a_record_that_was_not_published_is_published(stage: Stage, run: Run, user_id: str) -> None:
    outputs = stage.outputs("workers")
    put(outputs["PublishFailuresQueueUrl"], json.dumps(stream_record(user_id)), reason="throttled")

    run("run", "PublishFailuresQueue", "--contains", user_id)

    role = stage.outputs("auth")["MachineClientRoleArn"]
    eventually(
        lambda: stage.signed("GET", f"/stats/{user_id}", role_arn=role).json()["total"]["workouts"],
        lambda count: count == 1,
        "the workout in its athlete's totals",
    )
    assert depth(outputs["PublishFailuresQueueUrl"]) == 0


def test_what_the_streams_event_source_gave_up_is_told_and_published(
    stage: Stage, run: Run, user_id: str
) -> None:
    outputs = stage.outputs("workers")
    pages = boto3.client("lambda").get_paginator("list_event_source_mappings").paginate()
    (mapping,) = (
        each["UUID"]
        for page in pages
        for each in page["EventSourceMappings"]
        if f"-{stage.name}-PublishFunction" in each["FunctionArn"]
    )
    kept = {"payload": json.dumps({"Records": [stream_record(user_id)]})}
    boto3.client("s3").put_object(
        Bucket=outputs["StreamFailuresBucketName"],
        Key=f"aws/lambda/{mapping}/shard/2026/11/25/{user_id}",
        Body=json.dumps(kept).encode(),
    )
    eventually(
        lambda: run("show", "PublishFailuresQueue", "--contains", user_id),
        lambda text: (
            f"records are in s3://{outputs['StreamFailuresBucketName']}" in "".join(text.split("\n"))
        ),
        "the object in the failures queue",
    )

    run("run", "PublishFailuresQueue", "--contains", user_id)

    role = stage.outputs("auth")["MachineClientRoleArn"]
    eventually(
        lambda: stage.signed("GET", f"/stats/{user_id}", role_arn=role).json()["total"]["workouts"],
        lambda count: count == 1,
        "the workout in its athlete's totals",
    )


def stream_record(user_id: str) -> dict[str, Any]:
    """A stored workout as the table's stream tells of it."""
    image = {
        "pk": {"S": f"USER#{user_id}"},
        "sk": {"S": "WORKOUT#2026-02-10T07:00:00.000Z"},
        "userId": {"S": user_id},
        "workoutId": {"S": "20260210T070000000Z"},
        "type": {"S": "run"},
        "startedAt": {"S": "2026-02-10T07:00:00.000Z"},
        "durationMin": {"N": "30"},
        "intensity": {"S": "moderate"},
        "source": {"S": "api"},
        "version": {"N": "7"},
        "createdAt": {"S": "2026-02-10T08:00:00.000Z"},
        "correlationId": {"S": f"trip-{user_id}"},
    }
    return {
        "eventID": "1",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": 1770710400,
            "Keys": {"pk": image["pk"], "sk": image["sk"]},
            "NewImage": image,
            "SequenceNumber": "7",
        },
    }


def test_an_unknown_queue_is_named_with_those_there_are(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["redrive.py", "--stage", stage.name, "show", "nothing"])
    assert redrive.main() == 1
    assert QUEUE in capsys.readouterr().err
