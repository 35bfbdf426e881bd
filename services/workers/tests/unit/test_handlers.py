"""The functions as Lambda calls them: settings from the environment, failures named in the answer."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3
import pytest
from tests.unit.cloud import NOTES_KEY_ALIAS, TABLE, Queue
from tests.unit.exports import STRAVA, strava_row, text
from tests.unit.stream import stream_record as change
from tests.unit.test_publisher import record as stream_record
from tests.unit.test_workflow_starting import ended
from tests.unit.test_writer import ACCEPTED
from tests.unit.test_writer import record as message
from tests.unit.training import a_set, session, workout

from wotr_common.observability import logger
from wotr_common.settings import SettingsError
from wotr_workers import clients
from wotr_workers.store import raw


@dataclass
class Context:
    """What Powertools reads of Lambda's context."""

    function_name: str = "f"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:0:function:f"
    aws_request_id: str = "r"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


Load = Callable[[str], ModuleType]


@pytest.fixture
def load(dynamodb: Any, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Imports a handler afresh, in an environment like its template's."""
    ssm = boto3.client("ssm")
    for name, value in {
        "supported-types": "run",
        "duration-min": "1",
        "duration-max": "99",
        "shards": "1",
    }.items():
        ssm.put_parameter(Name=f"/wotr/dev/workouts/{name}", Value=value, Type="String")
    sns, events, s3 = boto3.client("sns"), boto3.client("events"), boto3.client("s3")
    events.create_event_bus(Name="wotr-dev")
    s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for name, value in {
        "WOTR_STAGE": "dev",
        "NOTES_KEY_ALIAS": NOTES_KEY_ALIAS,
        "WORKOUTS_TABLE": TABLE,
        "CONFIG_PATH": "/wotr/dev",
        "UPLOADS_BUCKET": "uploads",
        "WORKOUT_DEAD_LETTER_QUEUE_URL": queue.url,
        "IMPORT_QUEUE_URL": queue.url,
        "IMPORT_DEAD_LETTER_QUEUE_URL": queue.url,
        "PUBLISH_FAILURES_QUEUE_URL": queue.url,
        "RECORDS_FAILURES_QUEUE_URL": queue.url,
        "PR_LOG_DEAD_LETTER_QUEUE_URL": queue.url,
        "ENROLMENT_DEAD_LETTER_QUEUE_URL": queue.url,
        "RECORDS_TOPIC_ARN": sns.create_topic(Name="records")["TopicArn"],
        "IMPORTS_TOPIC_ARN": sns.create_topic(Name="imports")["TopicArn"],
        "EVENT_BUS_NAME": "wotr-dev",
        "SESSION_WORKFLOW_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:nosuch",
        "SESSION_EVENT_DEAD_LETTER_QUEUE_URL": queue.url,
    }.items():
        monkeypatch.setenv(name, value)

    def fresh(name: str) -> ModuleType:
        importlib.reload(clients)  # whose clients belong to the AWS of another test
        return importlib.reload(importlib.import_module(f"wotr_workers.handlers.{name}"))

    return fresh


def metric(printed: str, name: str) -> object:
    """The value of an EMF metric in what the function printed."""
    (found,) = (
        line[name] for line in map(json.loads, printed.splitlines()) if "_aws" in line and name in line
    )
    return found


def test_write_answers_with_what_is_to_come_again(
    load: Load, queue: Queue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [message(ACCEPTED, "good"), message("poison", "bad")]
    assert load("write").handler({"Records": records}, Context()) == {"batchItemFailures": []}
    assert metric(capsys.readouterr().out, "WorkoutsWritten") == [1.0]
    assert [letter["body"] for letter in queue.messages()] == ["poison"]

    monkeypatch.setenv("WORKOUTS_TABLE", "no-such-table")
    answer = load("write").handler({"Records": [message(ACCEPTED, "good")]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "good"}]}


def test_what_was_accepted_is_written_whatever_the_limits_have_become(load: Load, dynamodb: Any) -> None:
    boto3.client("ssm").put_parameter(Name="/wotr/dev/workouts/supported-types", Value="yoga", Overwrite=True)
    load("write").handler({"Records": [message(ACCEPTED)]}, Context())
    assert dynamodb.scan(TableName=TABLE)["Count"] == 1


def test_import_csv_judges_by_the_limits_in_force(
    load: Load, queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    content = text([STRAVA, strava_row(), strava_row(Activity_ID="2", Activity_Type="Ride")])
    boto3.client("s3").put_object(Bucket="uploads", Key="uploads/ada/i1.csv", Body=content)
    etag = boto3.client("s3").head_object(Bucket="uploads", Key="uploads/ada/i1.csv")["ETag"].strip('"')
    told = {"bucket": {"name": "uploads"}, "object": {"key": "uploads/ada/i1.csv", "etag": etag}}
    body = {"time": "2026-03-01T00:00:00Z", "detail": told}

    answer = load("import_csv").handler({"Records": [message(body)]}, Context())

    assert answer == {"batchItemFailures": []}
    printed = capsys.readouterr().out
    assert (metric(printed, "WorkoutsImported"), metric(printed, "RowsSetAside")) == ([1.0], [1.0])


def test_publish_counts_what_it_published(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    answer = load("publish").handler({"Records": [stream_record(1), stream_record(2)]}, Context())
    assert answer == {"batchItemFailures": []}
    assert metric(capsys.readouterr().out, "EventsPublished") == [2.0]


def test_command_answers_with_an_outcome_by_the_limits_in_force(
    load: Load, dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    command = {
        "name": "session.create",
        "userId": "ada",
        "commandId": "c",
        "correlationId": "r",
        "arguments": {"session": {"startedAt": "2026-03-01T17:30:00Z", "type": "run"}},
    }
    module = load("command")
    outcome = module.handler(command, Context())
    assert (outcome["version"], outcome["status"], outcome["body"]["state"]) == (1, 201, "open")
    assert json.dumps(outcome)
    assert dynamodb.scan(TableName=TABLE)["Count"] == 1
    assert metric(capsys.readouterr().out, "CommandsAnswered") == [1.0]

    command["arguments"] = {"session": {"startedAt": "2026-03-01T17:30:00Z"}}
    command["commandId"] = "d"
    assert module.handler(command, Context())["status"] == 422  # strength is not among the types here


def test_records_counts_what_was_broken_and_answers_with_what_is_to_come_again(
    load: Load, dynamodb: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [workout(0, 30), workout(40, 45)]
    for item in runs:
        dynamodb.put_item(TableName=TABLE, Item=raw(item))
    changes = [change(number, item, None, raw(item)) for number, item in enumerate(runs)]
    assert load("records").handler({"Records": changes}, Context()) == {"batchItemFailures": []}
    assert metric(capsys.readouterr().out, "RecordsBroken") == [1.0]

    monkeypatch.setenv("WORKOUTS_TABLE", "no-such-table")
    answer = load("records").handler({"Records": changes[1:]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_pr_log_counts_what_it_noted_and_answers_with_what_is_to_come_again(
    load: Load, queue: Queue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"userId": "ada", "label": "run", "message": "Longest run", "unit": "min", "value": 65}
    record = {
        "kind": "longest_duration",
        "subject": "run",
        "type": "run",
        "startedAt": "2026-02-10T07:00:00Z",
    }
    records = [message(told | record, "good"), message(told | record, "again"), message("poison", "bad")]
    assert load("pr_log").handler({"Records": records}, Context()) == {"batchItemFailures": []}
    printed = capsys.readouterr().out
    for name in ("RecordsNoted", "DuplicatesSeen", "MessagesSetAside"):
        assert metric(printed, name) == [1.0]
    assert [letter["body"] for letter in queue.messages()] == ["poison"]

    monkeypatch.setenv("WORKOUTS_TABLE", "no-such-table")
    answer = load("pr_log").handler({"Records": records[:1]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "good"}]}


def test_start_workflow_answers_with_what_is_to_come_again(
    load: Load, queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {"detail": json.loads(ended().text())}
    records = [message(event, "good"), message("poison", "bad")]
    answer = load("start_workflow").handler({"Records": records}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "good"}]}  # there is no such state machine
    assert metric(capsys.readouterr().out, "MessagesSetAside") == [1.0]
    assert [letter["body"] for letter in queue.messages()] == ["poison"]


def test_the_workflows_functions_hand_a_session_on(
    load: Load, dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    item = session(0, a_set("Squat", 100, 5), rpe=8, duration_min=45)
    dynamodb.put_item(TableName=TABLE, Item=raw(item))
    given = {"userId": "ada", "sessionId": item["sessionId"], "version": 1, "correlationId": "of-the-call"}

    first = load("validate_session").handler(given, Context())
    assert logger.get_correlation_id() == "of-the-call"
    weigh = load("set_load").handler
    loads = [weigh({"set": each, "correlationId": "of-the-set"}, Context()) for each in first["sets"]]
    assert logger.get_correlation_id() == "of-the-set"
    last = load("session_load").handler({"session": first["session"], "sets": loads}, Context())
    assert logger.get_correlation_id() == "of-the-call"

    assert last["notice"]["userId"] == "ada"
    assert metric(capsys.readouterr().out, "SessionsWeighed") == [1.0]


@pytest.mark.parametrize("step", ["validate_session", "set_load", "session_load"])
def test_a_step_that_is_given_nonsense_fails_as_bad_input(load: Load, step: str) -> None:
    handler = load(step).handler
    cases: tuple[Any, ...] = ({}, [], None, "text")
    for nonsense in cases:
        with pytest.raises(Exception, match="of a session workflow") as error:
            handler(nonsense, Context())
        assert type(error.value).__name__ == "BadInput"  # the name that the state machine goes by


@pytest.mark.parametrize(
    ("handler", "variable"),
    [
        ("write", "WORKOUTS_TABLE"),
        ("command", "IMPORT_QUEUE_URL"),
        ("import_csv", "IMPORTS_TOPIC_ARN"),
        ("publish", "EVENT_BUS_NAME"),
        ("records", "RECORDS_TOPIC_ARN"),
        ("pr_log", "PR_LOG_DEAD_LETTER_QUEUE_URL"),
        ("start_workflow", "SESSION_WORKFLOW_ARN"),
        ("validate_session", "WORKOUTS_TABLE"),
        ("set_load", "WOTR_STAGE"),
        ("session_load", "WORKOUTS_TABLE"),
    ],
)
def test_a_function_without_its_settings_says_which(
    load: Load, monkeypatch: pytest.MonkeyPatch, handler: str, variable: str
) -> None:
    load(handler)
    monkeypatch.delenv(variable)
    with pytest.raises(SettingsError, match=variable):
        load(handler)
