"""The collector's function as API Gateway and its queue call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.http import AT_MS, http_event

from wotr_analytics.collector.request import BODY_LIMIT_BYTES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

CONTEXT = SimpleNamespace(
    function_name="collect",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:collect:live",
    aws_request_id="5b441b59-a550-11c1-8b3d-93b4e8a5c7a1",
)
TABLE = "requests"
NUMBERS = count()
TOO_LONG = b"x" * (BODY_LIMIT_BYTES + 1)
WEIRD = st.text(st.characters(), max_size=200)  # surrogates and control characters too


@pytest.fixture
def collect(dynamodb: DynamoDBClient) -> Iterator[Any]:
    """The handler, with an empty table."""
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "requestId", "AttributeType": "S"},
            {"AttributeName": "receivedAt", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "requestId", "KeyType": "HASH"},
            {"AttributeName": "receivedAt", "KeyType": "RANGE"},
        ],
    )
    from wotr_analytics.handlers import collect

    yield collect.handler
    collect.requests.cache_clear()


def items(dynamodb: DynamoDBClient) -> list[dict[str, Any]]:
    """What the table holds, each value without its type."""
    found = dynamodb.scan(TableName=TABLE)["Items"]
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in found]


def test_a_request_is_recorded_under_its_id_and_time(collect: Any, dynamodb: DynamoDBClient) -> None:
    answer = collect(
        http_event("PATCH", "/a/b", "x=1", headers={"content-type": "text/plain"}, body=b"8 x squat"), CONTEXT
    )

    assert answer["statusCode"] == 201
    assert json.loads(answer["body"]) == {
        "requestId": "JKJaXmPLvHcESHA=",
        "receivedAt": "2026-11-25T06:04:05.678Z",
        "bodyBytes": 9,
    }
    assert answer["headers"]["x-request-id"] == "JKJaXmPLvHcESHA="
    assert answer["headers"]["cache-control"] == "no-store"
    assert answer["headers"]["strict-transport-security"].startswith("max-age=63072000")
    assert answer["headers"]["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer["headers"]["content-security-policy"]
    (item,) = items(dynamodb)
    assert item == {
        "requestId": "JKJaXmPLvHcESHA=",
        "receivedAt": "2026-11-25T06:04:05.678Z",
        "day": "2026-11-25",
        "source": "203.0.113.7",
        "method": "PATCH",
        "path": "/a/b",
        "query": "x=1",
        "headers": {"content-type": {"S": "text/plain"}},
        "body": "8 x squat",
        "bodyBytes": "9",
        "bodySha256": item["bodySha256"],
        "expiresAt": str(AT_MS // 1000 + 30 * 86_400),
    }


def test_a_body_above_the_limit_is_answered_413_and_the_request_is_recorded(
    collect: Any, dynamodb: DynamoDBClient
) -> None:
    answer = collect(http_event(body=TOO_LONG), CONTEXT)

    assert answer["statusCode"] == 413
    assert answer["headers"]["content-type"] == "application/problem+json"
    problem = json.loads(answer["body"])
    assert "longer than 64 KiB" in problem["detail"]
    assert problem["limitBytes"] == 65_536
    assert problem["requestId"] == "JKJaXmPLvHcESHA="
    (item,) = items(dynamodb)
    assert "body" not in item
    assert (item["bodyOmitted"], item["bodyBytes"]) == ("too-large", "65537")


def test_a_binary_body_is_answered_415_and_the_request_is_recorded(
    collect: Any, dynamodb: DynamoDBClient
) -> None:
    answer = collect(http_event(headers={"content-type": "image/png"}, body=b"\x89PNG\xff"), CONTEXT)

    assert answer["statusCode"] == 415
    problem = json.loads(answer["body"])
    assert "base64" in problem["detail"]
    assert problem["bodySha256"]
    (item,) = items(dynamodb)
    assert "body" not in item
    assert item["bodyOmitted"] == "binary"


def test_an_answer_to_head_has_no_body_and_says_the_id(collect: Any, dynamodb: DynamoDBClient) -> None:
    answer = collect(http_event("HEAD"), CONTEXT)
    assert (answer["statusCode"], answer["body"]) == (201, "")
    assert answer["headers"]["x-request-id"] == "JKJaXmPLvHcESHA="
    assert len(items(dynamodb)) == 1


def test_an_answer_to_options_says_what_is_allowed(collect: Any) -> None:
    assert "PATCH" in collect(http_event("OPTIONS"), CONTEXT)["headers"]["allow"]


def test_a_request_that_the_table_did_not_take_is_never_answered_as_recorded(
    collect: Any, dynamodb: DynamoDBClient, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb.delete_table(TableName=TABLE)

    answer = collect(http_event(), CONTEXT)

    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) > 0
    assert "Send it again" in json.loads(answer["body"])["detail"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert any(line.get("RequestsNotRecorded") == [1] for line in lines)
    assert not any("RequestsRecorded" in line for line in lines)


def test_a_throttled_table_is_503_too(collect: Any) -> None:
    from wotr_analytics import clients

    with Stubber(clients.dynamodb()) as stub:
        stub.add_client_error("put_item", "ProvisionedThroughputExceededException")
        assert collect(http_event(), CONTEXT)["statusCode"] == 503


def test_a_request_that_comes_twice_is_recorded_once(collect: Any, dynamodb: DynamoDBClient) -> None:
    first, again = collect(http_event(body=b"1"), CONTEXT), collect(http_event(body=b"1"), CONTEXT)
    assert first == again
    assert len(items(dynamodb)) == 1


@st.composite
def any_event(draw: st.DrawFn) -> dict[str, Any]:
    """A request with whatever a client may put into it; its body as text, or as bytes in base64."""
    body = draw(st.binary(max_size=300) | st.sampled_from([b"", TOO_LONG]))
    names = st.sampled_from(["accept", "origin", "cookie", "content-type"]) | WEIRD
    event = http_event(
        draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])),
        draw(WEIRD),
        draw(WEIRD),
        headers=draw(st.dictionaries(names, WEIRD)),
        body=body,
        request_id=f"r-{next(NUMBERS)}",  # drawn ids repeat, API Gateway's do not
    )
    if draw(st.booleans()):
        event |= {"body": body.decode("latin-1"), "isBase64Encoded": False}
    return event


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=any_event())
def test_whatever_comes_is_recorded_exactly_once_and_never_a_server_error(
    collect: Any, dynamodb: DynamoDBClient, event: dict[str, Any]
) -> None:
    answer = collect(event, CONTEXT)

    assert answer["statusCode"] in (201, 413, 415)
    json.dumps(answer).encode()
    found = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="requestId = :id",
        ExpressionAttributeValues={":id": {"S": event["requestContext"]["requestId"]}},
    )["Items"]
    assert len(found) == 1
    assert ("body" in found[0]) == (bool(event.get("body")) and answer["statusCode"] == 201)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(st.characters(), max_size=50), encoded=st.booleans())
def test_a_body_that_is_not_what_its_flag_says_is_no_server_error(
    collect: Any, body: str, encoded: bool
) -> None:
    event = http_event() | {"body": body, "isBase64Encoded": encoded}
    assert collect(event, CONTEXT)["statusCode"] in (201, 415)


def run(body: str, message_id: str = "m-1") -> dict[str, Any]:
    return {"Records": [{"messageId": message_id, "body": body}]}


DUE = '{"scheduledAt": "2026-11-25T06:00:00Z"}'


def test_a_scheduled_run_is_recorded_once_however_often_it_comes(
    collect: Any, dynamodb: DynamoDBClient
) -> None:
    answers = [collect(run(DUE), CONTEXT) for _ in range(3)]
    assert answers == [{"batchItemFailures": []}] * 3
    (item,) = items(dynamodb)
    assert (item["source"], item["method"]) == ("schedule", "RUN")
    assert (item["requestId"], item["receivedAt"]) == (
        "schedule-20261125T060000Z",
        "2026-11-25T06:00:00.000Z",
    )


def test_a_run_that_cannot_be_recorded_comes_again(collect: Any, dynamodb: DynamoDBClient) -> None:
    dynamodb.delete_table(TableName=TABLE)
    assert collect(run(DUE), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}


def test_a_run_that_nobody_can_read_is_set_aside_with_its_reason(
    collect: Any, sqs: SQSClient, request_dead_letter_url: str
) -> None:
    assert collect(run("not a run"), CONTEXT) == {"batchItemFailures": []}
    (message,) = sqs.receive_message(QueueUrl=request_dead_letter_url, MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert message["Body"] == "not a run"
    assert "scheduledAt" in message["MessageAttributes"]["reason"]["StringValue"]


def test_a_run_that_cannot_even_be_set_aside_comes_again(collect: Any) -> None:
    assert collect(run("not a run"), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
