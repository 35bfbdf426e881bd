"""The function as Lambda calls it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.given import event, message

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

CONTEXT = SimpleNamespace(
    function_name="project",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:project:live",
    aws_request_id="5b441b59-a550-11c1-8b3d-93b4e8a5c7a1",
)


@pytest.fixture
def handler(dynamodb: DynamoDBClient, dead_letter_url: str) -> Any:
    from wotr_analytics.handlers import project

    assert dead_letter_url == project.settings.event_dead_letter_queue_url
    return project.handler


def emitted(printed: str) -> list[dict[str, Any]]:
    """The embedded metrics among printed lines."""
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return [line for line in lines if "WorkoutLogsProcessed" in line]


def test_metrics_carry_count_and_calories_by_service_and_stage(
    handler: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = handler({"Records": [message(event(minute=n), f"m-{n}") for n in range(3)]}, CONTEXT)
    again = handler({"Records": [message(event(minute=2), "m-2")]}, CONTEXT)

    assert answer == again == {"batchItemFailures": []}
    first, second = emitted(capsys.readouterr().out)
    (directive,) = first["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "wotr"
    assert [sorted(names) for names in directive["Dimensions"]] == [["service", "stage"]]
    assert (first["service"], first["stage"]) == ("analytics", "dev")
    assert (first["WorkoutLogsProcessed"], first["CaloriesBurned"]) == ([3], [900])
    assert (second["WorkoutLogsProcessed"], second["CaloriesBurned"]) == ([0], [0])


def test_messages_to_try_again_are_named(handler: Any, sqs: SQSClient, dead_letter_url: str) -> None:
    sqs.delete_queue(QueueUrl=dead_letter_url)  # so that poison cannot be set aside

    answer = handler({"Records": [message("{", "m-bad"), message(event(), "m-1")]}, CONTEXT)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-bad"}]}


def test_log_lines_carry_the_correlation_id_of_each_request(
    handler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handler({"Records": [message(event("ana"), "m-1"), message(event("ben"), "m-2")]}, CONTEXT)

    lines = [vars(record) for record in caplog.records if record.msg == "events projected"]
    assert [(line["correlation_id"], line["events"]) for line in lines] == [
        ("request-of-ana", 1),
        ("request-of-ben", 1),
    ]
