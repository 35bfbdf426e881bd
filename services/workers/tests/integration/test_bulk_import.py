"""Uploads that are too large for a function: a task imports them, to the same end as the function would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from tests.integration.athlete import Athlete
from tests.integration.stage import STAGE, Ear, eventually

from wotr_common import keys
from wotr_common.workout import time_text
from wotr_workers.bulk_import import NO_UPLOAD
from wotr_workers.store import Item

LOOPBACK = urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname == "127.0.0.1"
FIRST = datetime(2024, 1, 1, 6, 0, tzinfo=UTC)
HEADER = "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Media"


def activities(count: int, most_bytes: int = 0) -> bytes:
    """Strava's export of so many rides, one of them impossible; made larger than `most_bytes` by a column
    that nobody reads."""
    padding = "x" * (most_bytes // count + 1)
    rows = (
        f'{number},"{FIRST + timedelta(hours=7 * number):%b %d, %Y, %I:%M:%S %p}",Ride {number},Ride,'
        f"{-1 if number == 5 else 3600 + number},{10 + number % 90},{padding}"
        for number in range(1, count + 1)
    )
    return "\n".join([HEADER, *rows]).encode()


@pytest.fixture(scope="module")
def most_bytes() -> int:
    """Uploads of more bytes are for a task."""
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=f"wotr-workers-{STAGE}")["Stacks"]
    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    return int(given["BulkImportBytes"])


def executions(outputs: dict[str, str], import_id: str) -> list[Any]:
    """Executions of bulk imports of that id, with their input."""
    states = boto3.client("stepfunctions")
    found = states.list_executions(stateMachineArn=outputs["workers.BulkImportArn"])["executions"]
    return [
        states.describe_execution(executionArn=each["executionArn"])
        for each in found
        if each["name"].startswith(f"{import_id}-")
    ]


def tasks(outputs: dict[str, str], import_id: str) -> list[Any]:
    """The tasks that import it, or did, in the order in which they began."""
    definition = json.loads(
        boto3.client("stepfunctions").describe_state_machine(
            stateMachineArn=outputs["workers.BulkImportArn"]
        )["definition"]
    )
    cluster = definition["States"]["Import"]["Parameters"]["Cluster"]
    ecs = boto3.client("ecs")
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
    ]
    found = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return sorted(
        (each for each in found if f"/{import_id}.csv" in json.dumps(each["overrides"])),
        key=lambda task: task["createdAt"],
    )


def said(import_id: str) -> list[dict[str, Any]]:
    """What tasks logged of an import."""
    (group,) = (
        each["PhysicalResourceId"]
        for each in boto3.client("cloudformation").describe_stack_resources(
            StackName=f"wotr-workers-{STAGE}", LogicalResourceId="BulkImportLogGroup"
        )["StackResources"]
    )
    events = boto3.client("logs").filter_log_events(logGroupName=group)["events"]
    lines = []
    for event in events:
        with contextlib.suppress(ValueError):
            lines.append(json.loads(event["message"]))
    return [line for line in lines if line.get("correlation_id") == import_id]


def same(history: list[Item]) -> list[Item]:
    """What is stored, but for whose it is and which upload said it."""
    theirs = {keys.PK, "userId", "importId", "importRow", "lastUpload", "createdAt", "correlationId"}
    return [{name: value for name, value in item.items() if name not in theirs} for item in history]


def test_a_large_upload_is_imported_by_a_task_to_the_same_end_as_a_small_one_by_the_function(
    outputs: dict[str, str], topic: Ear, user: str, most_bytes: int
) -> None:
    large, small = Athlete(outputs, topic, user), Athlete(outputs, topic, f"{user}-small")
    of_large, of_small = f"large-{user}", f"small-{user}"
    small.upload(of_small, activities(120), {})
    large.upload(of_large, activities(120, most_bytes), {})

    by_task, by_function = large.told(of_large, "done"), small.told(of_small, "done")

    assert by_task["counts"] == by_function["counts"]
    assert (by_task["counts"]["new"], by_task["counts"]["setAside"]) == (119, 1)
    assert by_task["message"] == by_function["message"]
    assert same(large.history()) == same(small.history())
    (execution,) = eventually(
        lambda: executions(outputs, of_large), lambda found: found[0]["status"] != "RUNNING"
    )
    assert (execution["status"], executions(outputs, of_small)) == ("SUCCEEDED", [])
    (task,) = tasks(outputs, of_large)
    assert task["containers"][0]["exitCode"] == 0


@pytest.mark.skipif(not LOOPBACK, reason="kills a process of this machine; on AWS it would be another's")
def test_a_task_that_is_killed_is_followed_by_one_that_goes_on_behind_its_last_batch(
    outputs: dict[str, str], topic: Ear, user: str, most_bytes: int
) -> None:
    athlete, undisturbed = Athlete(outputs, topic, user), Athlete(outputs, topic, f"{user}-undisturbed")
    import_id = f"killed-{user}"
    athlete.upload(import_id, activities(500, most_bytes), {})

    (task,) = eventually(lambda: tasks(outputs, import_id), bool)
    eventually(lambda: athlete.progress(import_id), lambda entries: entries >= 100)
    # On the local cloud a container's id begins with that of its process.
    os.kill(int(task["containers"][0]["runtimeId"].partition("-")[0]), signal.SIGKILL)
    (killed,) = eventually(
        lambda: tasks(outputs, import_id)[:1], lambda found: found[0]["lastStatus"] == "STOPPED"
    )
    assert killed["containers"][0]["exitCode"] == 128 + signal.SIGKILL
    at = athlete.progress(import_id)
    assert 0 < at < 500, "killed in the middle"
    # The lease of the dead ends by itself, three minutes later; unit tests show that. This one does not wait.
    athlete.forget_lease()

    done = athlete.told(import_id, "done")

    assert (done["counts"]["new"], done["counts"]["setAside"]) == (499, 1)
    undisturbed.upload(f"undisturbed-{user}", activities(500), {})
    assert undisturbed.told(f"undisturbed-{user}", "done")["counts"] == done["counts"]
    assert same(athlete.history()) == same(undisturbed.history())
    (execution,) = eventually(
        lambda: executions(outputs, import_id), lambda found: found[0]["status"] != "RUNNING"
    )
    assert execution["status"] == "SUCCEEDED"
    first, second = tasks(outputs, import_id)
    assert [each["containers"][0]["exitCode"] for each in (first, second)] == [137, 0]
    went_on = [line["entries"] for line in said(import_id) if line["message"] == "the import goes on"]
    assert went_on == [at]


def test_a_bulk_import_that_fails_in_its_last_try_waits_in_the_dead_letters(
    outputs: dict[str, str], user: str
) -> None:
    states = boto3.client("stepfunctions")
    machine = states.describe_state_machine(stateMachineArn=outputs["workers.BulkImportArn"])
    definition = json.loads(machine["definition"])
    del definition["States"]["Import"]["Retry"]  # which takes a quarter of an hour; the rest is as deployed
    hasty = states.create_state_machine(
        name=f"wotr-test-{user}", definition=json.dumps(definition), roleArn=machine["roleArn"]
    )["stateMachineArn"]
    gone = {"key": f"uploads/{user}/gone.csv", "etag": "e", "version-id": "v", "size": 1 << 30}
    event = {"time": time_text(FIRST), "detail": {"bucket": {"name": "b"}, "object": gone}}

    arn = states.start_execution(stateMachineArn=hasty, input=json.dumps(event))["executionArn"]
    ended = eventually(
        lambda: states.describe_execution(executionArn=arn), lambda found: found["status"] != "RUNNING"
    )
    states.delete_state_machine(stateMachineArn=hasty)

    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    letter = dead_letter(outputs["workers.ImportDeadLetterQueueUrl"], arn)
    assert (letter["stateMachineArn"], letter["input"], letter["error"]) == (hasty, event, ended["error"])
    (container,) = json.loads(letter["cause"])["Containers"]
    assert container["ExitCode"] == NO_UPLOAD


def dead_letter(url: str, execution_arn: str) -> Any:
    """What the queue keeps of an execution; taken out of it."""
    sqs = boto3.client("sqs")

    def found() -> list[Any]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1)
        ours = [each for each in messages.get("Messages", []) if execution_arn in each["Body"]]
        for each in ours:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in ours]

    return eventually(found, bool)[0]
