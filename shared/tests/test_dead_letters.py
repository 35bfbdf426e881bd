"""What is set aside can be read, understood and traced back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from wotr_common.dead_letters import DeadLetters, correlation_id_of_record


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-central-1")


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.create_queue(QueueName="dead")["QueueUrl"])


@pytest.mark.parametrize(
    ("reason", "correlation_id", "kept"),
    [
        ("durationMin: is required", "abc-1", ("durationMin: is required", "abc-1")),
        ("", "", ("unknown", "unknown")),
        ("line\nbreak\x00", "lone \ud800", ("line?break?", "lone ?")),
        ("x" * 5000, "abc", ("x" * 1024, "abc")),
    ],
    ids=["plain", "empty", "unprintable", "long"],
)
def test_the_body_is_kept_with_reason_and_correlation_id(
    sqs: Any, url: str, reason: str, correlation_id: str, kept: tuple[str, str]
) -> None:
    assert DeadLetters(sqs, url).set_aside('{"as": "it came"}', reason, correlation_id)
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    attributes = message["MessageAttributes"]
    assert message["Body"] == '{"as": "it came"}'
    assert (attributes["reason"]["StringValue"], attributes["correlationId"]["StringValue"]) == kept


def test_what_the_queue_does_not_take_is_to_come_again(sqs: Any, url: str) -> None:
    assert not DeadLetters(sqs, f"{url}-gone").set_aside("{}", "why", "abc-1")


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"messageId": "m", "messageAttributes": {"correlationId": {"stringValue": "c"}}}, "c"),
        ({"messageId": "m", "messageAttributes": {}}, "m"),
        ({"messageId": "m"}, "m"),
    ],
)
def test_a_record_belongs_to_its_senders_request(record: dict[str, Any], found: str) -> None:
    assert correlation_id_of_record(record) == found
