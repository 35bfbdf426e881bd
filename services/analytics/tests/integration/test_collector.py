"""The collector as deployed: real requests in, records in the table, access logs in the bucket."""

from __future__ import annotations

import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from tests.integration.waiting import eventually

Outputs = Callable[[str], dict[str, str]]
SIX = (
    "ApiEndpoint",
    "LambdaFunctionName",
    "LambdaFunctionArn",
    "DynamoDBTableName",
    "S3BucketName",
    "DeadLetterQueueUrl",
)


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Collector:
    """The stage's collector, over HTTP, and what it recorded."""

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self.outputs = outputs
        # An emulator answers for every host name at one address: there the API's id is part of the path.
        endpoint, address = os.environ.get("AWS_ENDPOINT_URL"), outputs["ApiEndpoint"]
        api = urlsplit(address).netloc.partition(".")[0]
        self._url = f"{endpoint.rstrip('/')}/_aws/execute-api/{api}" if endpoint else address

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        request = urllib.request.Request(self._url + path, body, dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return _read(answer.status, answer)
        except urllib.error.HTTPError as refused:
            return _read(refused.code, refused)

    def recorded(self, request_id: str) -> dict[str, Any]:
        """The one record of a request."""
        (item,) = boto3.client("dynamodb").query(
            TableName=self.outputs["DynamoDBTableName"],
            KeyConditionExpression="requestId = :id",
            ExpressionAttributeValues={":id": {"S": request_id}},
        )["Items"]
        return {name: next(iter(value.values())) for name, value in item.items()}


def _read(status: int, answer: Any) -> Answer:
    return Answer(status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())


@pytest.fixture(scope="module")
def collector(outputs: Outputs) -> Collector:
    return Collector(outputs("analytics"))


@pytest.fixture
def mark() -> str:
    """A path segment that no other request has."""
    return secrets.token_hex(8)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_any_method_and_path_is_recorded_under_its_id_and_time(
    collector: Collector, mark: str, method: str
) -> None:
    body = f'{{"mark": "{mark}"}}'.encode() if method in ("POST", "PUT", "PATCH") else None
    answer = collector.send(
        method,
        f"/deep/er/{mark}?unit=kg&token=hidden",
        body,
        {"Content-Type": "application/json", "User-Agent": "tests", "Cookie": "a=b", "X-Api-Key": "k"},
    )

    assert answer.status == 201
    request_id = answer.headers["x-request-id"]
    assert answer.headers["apigw-requestid"] == request_id
    item = collector.recorded(request_id)
    assert (item["method"], item["path"], item["query"]) == (
        method,
        f"/deep/er/{mark}",
        "unit=kg&token=***",
    )
    assert item.get("body") == (body.decode() if body else None)
    assert item["headers"].keys() <= {"accept", "accept-language", "content-type", "host", "user-agent"}
    assert item["source"]
    if method == "HEAD":
        assert answer.body == b""
    else:
        assert answer.said["requestId"] == request_id
        assert answer.said["receivedAt"] == item["receivedAt"]


def test_the_root_is_recorded_too(collector: Collector) -> None:
    answer = collector.send("GET", "/")
    assert collector.recorded(answer.said["requestId"])["path"] == "/"


def test_a_days_requests_are_listed_in_order(collector: Collector, mark: str) -> None:
    sent = [collector.send("GET", f"/list/{mark}/{number}").said for number in range(3)]

    found = boto3.client("dynamodb").query(
        TableName=collector.outputs["DynamoDBTableName"],
        IndexName="ByDay",
        KeyConditionExpression="#day = :day AND receivedAt >= :first",
        ExpressionAttributeNames={"#day": "day"},
        ExpressionAttributeValues={
            ":day": {"S": sent[0]["receivedAt"][:10]},
            ":first": {"S": sent[0]["receivedAt"]},
        },
    )["Items"]
    listed = [item["path"]["S"] for item in found if mark in item["path"]["S"]]
    assert listed == [f"/list/{mark}/{number}" for number in range(3)]


def test_many_at_once_are_all_recorded(collector: Collector, mark: str) -> None:
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda n: collector.send("POST", f"/burst/{mark}", b"%d" % n), range(40)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.said["requestId"] for answer in answers}) == 40
    bodies = {collector.recorded(answer.said["requestId"])["body"] for answer in answers}
    assert bodies == {str(number) for number in range(40)}


def test_a_body_above_the_limit_gets_a_clear_answer_and_the_request_is_recorded(collector: Collector) -> None:
    kept = collector.send("POST", "/limit", b"x" * 65_536, {"Content-Type": "text/plain"})
    assert kept.status == 201
    assert len(collector.recorded(kept.said["requestId"])["body"]) == 65_536

    answer = collector.send("POST", "/limit", b"x" * 65_537, {"Content-Type": "text/plain"})
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.said["limitBytes"] == 65_536
    item = collector.recorded(answer.said["requestId"])
    assert (item["bodyOmitted"], item["bodyBytes"]) == ("too-large", "65537")
    assert "body" not in item


def test_a_binary_body_gets_a_clear_answer_and_the_request_is_recorded(collector: Collector) -> None:
    answer = collector.send("PUT", "/photo", bytes(range(256)), {"Content-Type": "image/png"})
    assert answer.status == 415
    assert "base64" in answer.said["detail"]
    item = collector.recorded(answer.said["requestId"])
    assert item["bodyOmitted"] == "binary"
    assert item["bodySha256"] == answer.said["bodySha256"]


def test_pages_of_any_origin_may_call(collector: Collector) -> None:
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"}
    preflight = collector.send("OPTIONS", "/any", headers=asked)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-methods"] in ("*", "PUT")

    answer = collector.send("POST", "/any", b"1", {"Origin": "https://example.com"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in answer.headers["access-control-expose-headers"]


def test_the_access_log_of_a_request_reaches_the_bucket(collector: Collector, mark: str) -> None:
    request_id = collector.send("DELETE", f"/logged/{mark}?token=hidden").headers["apigw-requestid"]
    refused = collector.send("POST", f"/logged/{mark}", b"\xff").headers["apigw-requestid"]

    def lines() -> dict[str, dict[str, Any]]:
        found = map(json.loads, _access_logs(collector.outputs["S3BucketName"]))
        return {line["requestId"]: line for line in found}

    # Firehose gathers for five minutes on AWS.
    logged = eventually(lines, lambda found: {request_id, refused} <= found.keys())
    line = logged[request_id]
    assert (line["method"], line["route"], line["status"]) == ("DELETE", "$default", 201)
    assert logged[refused]["status"] == 415
    assert "hidden" not in json.dumps(line)
    assert mark not in json.dumps(line), "what callers write freely stays out of the line"


def _access_logs(bucket: str) -> Iterator[str]:
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="collector/")
    for page in pages:
        for found in page.get("Contents", []):
            text = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read().decode()
            yield from text.splitlines()


def test_a_run_goes_through_the_same_function_once_however_often_it_comes(
    outputs: Outputs, collector: Collector
) -> None:
    due = f"{datetime.now(UTC) - timedelta(seconds=secrets.randbelow(86_400)):%Y-%m-%dT%H:%M:%S}"
    sqs = boto3.client("sqs")
    queue = outputs("analytics")["ScheduledRunQueueUrl"]
    for _ in range(2):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"scheduledAt": f"{due}Z"}))

    request_id = f"schedule-{due.replace('-', '').replace(':', '')}Z"
    item = eventually(lambda: _found(collector, request_id), bool)
    assert (item["source"], item["receivedAt"]) == ("schedule", f"{due}.000Z")


def test_the_schedule_of_the_stage_sends_a_run_that_is_recorded(
    outputs: Outputs, collector: Collector
) -> None:
    """The deployed schedule's own target, due once more, soon: nobody can wait for 24 hours."""
    scheduler = boto3.client("scheduler")
    stack = boto3.client("cloudformation").describe_stack_resource(
        StackName=f"wotr-analytics-{os.environ.get('WOTR_STAGE', 'dev')}", LogicalResourceId="DailyRun"
    )
    schedule = scheduler.get_schedule(Name=stack["StackResourceDetail"]["PhysicalResourceId"])
    assert schedule["ScheduleExpression"] == "rate(24 hours)"
    assert schedule["State"] == "ENABLED"
    soon = datetime.now(UTC) + timedelta(seconds=2)
    moment = f"{soon:%Y-%m-%dT%H:%M:%S}"
    name = f"collector-once-{secrets.token_hex(4)}"
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression=f"at({moment})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": schedule["Target"]["Arn"],
            "RoleArn": schedule["Target"]["RoleArn"],
            "Input": schedule["Target"]["Input"],
        },
    )
    try:
        item = eventually(lambda: _found(collector, f"schedule-{soon:%Y%m%dT%H%M%SZ}"), bool)
    finally:
        scheduler.delete_schedule(Name=name)
    assert item["receivedAt"] == f"{moment}.000Z"


def _found(collector: Collector, request_id: str) -> dict[str, Any]:
    try:
        return collector.recorded(request_id)
    except ValueError:
        return {}


def test_a_run_that_nobody_can_read_ends_in_the_dead_letters_with_its_reason(
    outputs: Outputs, collector: Collector, mark: str
) -> None:
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=outputs("analytics")["ScheduledRunQueueUrl"], MessageBody=f"poison {mark}")

    def set_aside() -> list[Any]:
        received = sqs.receive_message(
            QueueUrl=collector.outputs["DeadLetterQueueUrl"],
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            VisibilityTimeout=0,
        )
        return [message for message in received.get("Messages", []) if mark in message["Body"]]

    (message, *_) = eventually(set_aside, bool)
    assert "scheduledAt" in message["MessageAttributes"]["reason"]["StringValue"]
    sqs.delete_message(
        QueueUrl=collector.outputs["DeadLetterQueueUrl"], ReceiptHandle=message["ReceiptHandle"]
    )


def test_six_outputs_resolve_from_another_stack(outputs: Outputs) -> None:
    """A consumer's stack that knows the collector by its exports alone."""
    stacks = boto3.client("cloudformation")
    stage = os.environ.get("WOTR_STAGE", "dev")
    imported = {name: {"Fn::ImportValue": f"wotr-analytics-{stage}-{name}"} for name in SIX}
    parameter = {"Type": "String", "Value": {"Fn::Join": ["|", list(imported.values())]}}
    template = {
        "Resources": {"Known": {"Type": "AWS::SSM::Parameter", "Properties": parameter}},
        "Outputs": {name: {"Value": value} for name, value in imported.items()},
    }
    name = f"collector-consumer-{secrets.token_hex(4)}"
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (made,) = stacks.describe_stacks(StackName=name)["Stacks"]
        found = {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
        known = stacks.describe_stack_resource(StackName=name, LogicalResourceId="Known")
        stored = boto3.client("ssm").get_parameter(Name=known["StackResourceDetail"]["PhysicalResourceId"])
    finally:
        stacks.delete_stack(StackName=name)
        stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})

    ours = {name: outputs("analytics")[name] for name in SIX}
    assert found == ours
    assert stored["Parameter"]["Value"].split("|") == list(ours.values())
    assert all(ours.values())
