"""Faults on purpose: what is asked for happens, and nothing else."""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from stack import Client, Stack, Wait, allow, deploy, function, role

from localcloud import LocalCloud
from localcloud.faults.rules import NoRule, Rules, shuffled

# Writes each message's body, then tells the topic's queue of it.
CODE = """
import boto3, os
from botocore.config import Config
once = Config(retries={"total_max_attempts": 1})
dynamodb, sqs = boto3.client("dynamodb", config=once), boto3.client("sqs", config=once)
def handler(event, context):
    for record in event["Records"]:
        print("got", record["body"])
        dynamodb.put_item(TableName=os.environ["TABLE"], Item={"pk": {"S": record["body"]}})
        sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=record["body"])
    return {"batchItemFailures": []}
"""
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    },
}


class Faults:
    """A deployed consumer of a queue, and the rules that are asked for it."""

    def __init__(self, endpoint: str, client: Client, made: Stack) -> None:
        self._endpoint, self._client, self._made = endpoint, client, made
        self.function = made.ids["Writer"]

    def call(self, method: str, name: str = "", body: Any = None) -> Any:
        url = f"{self._endpoint}/_wotr/faults{name and '/' + name}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)) as answer:
            return json.load(answer)

    def rule(self, kind: str, *containing: str, **more: Any) -> str:
        asked = {"kind": kind, "function": self.function, "containing": containing, **more}
        return str(self.call("POST", body=asked)["id"])

    def send(self, *bodies: str, **options: Any) -> None:
        for body in bodies:
            self._client("sqs").send_message(QueueUrl=self._made.ids["Queue"], MessageBody=body, **options)

    def written(self, body: str) -> bool:
        return "Item" in self._client("dynamodb").get_item(
            TableName=self._made.ids["Table"], Key={"pk": {"S": body}}, ConsistentRead=True
        )

    def told(self) -> list[str]:
        got = self._client("sqs").receive_message(
            QueueUrl=self._made.ids["Told"], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [message["Body"] for message in got.get("Messages", [])]

    def got(self) -> list[str]:
        group = f"/aws/lambda/{self.function}"
        events = self._client("logs").filter_log_events(logGroupName=group)["events"]
        return [each["message"].removeprefix("got ") for each in events if each["message"].startswith("got ")]


@pytest.fixture(scope="module")
def faulty(root: Path) -> Iterator[LocalCloud]:
    with LocalCloud(root, port=0, faults=True) as running:
        yield running


@pytest.fixture
def faults(faulty: LocalCloud) -> Faults:
    environment = faulty.environment()
    make: Client = boto3.Session("000000000000", "local", region_name=faulty.region).client

    def client(service: str) -> Any:
        return make(service, endpoint_url=environment["AWS_ENDPOINT_URL"])

    arn = {name: {"Fn::GetAtt": [name, "Arn"]} for name in ("Queue", "Table", "Told")}
    made = deploy(
        client,
        {
            "Resources": {
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 600}},
                "Told": {"Type": "AWS::SQS::Queue"},
                "Table": TABLE,
                "Role": role(
                    allow(
                        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], arn["Queue"]
                    ),
                    allow("sqs:SendMessage", arn["Told"]),
                    allow("dynamodb:PutItem", arn["Table"]),
                ),
                "Writer": function(
                    CODE,
                    Environment={"Variables": {"TABLE": {"Ref": "Table"}, "TOLD": {"Ref": "Told"}}},
                ),
                "Mapping": {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {
                        "EventSourceArn": arn["Queue"],
                        "FunctionName": {"Ref": "Writer"},
                        "FunctionResponseTypes": ["ReportBatchItemFailures"],
                    },
                },
            }
        },
    )
    return Faults(faulty.endpoint, client, made)


def test_a_crash_before_leaves_nothing_and_the_next_try_comes_one_effect_further(
    faults: Faults, eventually: Wait
) -> None:
    name = faults.rule("crash_before", "ana", times=2)
    faults.send("ana")
    eventually(lambda: faults.call("GET", name)["injected"] == 1)
    assert not faults.written("ana")
    eventually(lambda: faults.call("GET", name)["injected"] == 2)
    assert faults.written("ana")
    assert faults.told() == []
    eventually(lambda: faults.told() == ["ana"])
    eventually(lambda: faults.call("GET", name)["backlog"] == 0)
    assert faults.call("DELETE", name) == {"injected": 2, "seen": 5, "backlog": 0, "atWork": 0}


def test_a_crash_after_leaves_the_write_and_the_message_comes_again(faults: Faults, eventually: Wait) -> None:
    name = faults.rule("crash_after", "ana", calls=["sqs:SendMessage"])
    faults.send("ana")
    eventually(lambda: faults.told() == ["ana", "ana"])
    assert faults.written("ana")
    assert faults.call("DELETE", name)["injected"] == 1


def test_only_what_contains_the_text_is_hit(faults: Faults, eventually: Wait) -> None:
    name = faults.rule("crash_before", "ana", times=9)
    faults.send("ben")
    eventually(lambda: faults.told() == ["ben"])
    assert faults.call("DELETE", name) == {"injected": 0, "seen": 0, "backlog": 0, "atWork": 0}


def test_a_throttled_call_is_refused_as_the_service_does_and_counted(
    faults: Faults, eventually: Wait
) -> None:
    name = faults.rule("throttle", "ana", calls=["dynamodb:PutItem"], times=2)
    faults.send("ana")
    eventually(lambda: faults.told() == ["ana"])
    assert faults.call("DELETE", name)["injected"] == 2
    assert faults.got() == ["ana"] * 3


def test_a_delivery_comes_twice(faults: Faults, eventually: Wait) -> None:
    name = faults.rule("again", "ana")
    faults.send("ana")
    eventually(lambda: faults.told() == ["ana", "ana"])
    assert faults.call("DELETE", name)["injected"] == 1


def test_what_is_delayed_comes_soon_and_no_rule_means_no_hurry(faults: Faults, eventually: Wait) -> None:
    name = faults.rule("watch", "ana")
    faults.send("ben", DelaySeconds=900)
    faults.send("ana", DelaySeconds=900)
    eventually(lambda: faults.told() == ["ana"])
    assert faults.call("DELETE", name)["injected"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "fire", "function": "f", "containing": []},
        {"kind": "again", "containing": ["x"]},
        {"kind": "again", "function": "f", "containing": "x"},
        {"kind": "again", "function": "f", "containing": ["x"], "colour": "red"},
    ],
)
def test_what_is_no_rule_is_refused(faulty: LocalCloud, asked: dict[str, Any]) -> None:
    with pytest.raises(NoRule):
        Rules().add(asked)
    url = f"{faulty.endpoint}/_wotr/faults"
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(asked).encode(), method="POST"))
    assert refused.value.code == 400


def test_a_cloud_that_was_not_asked_for_them_knows_no_faults(cloud: LocalCloud) -> None:
    url = f"{cloud.endpoint}/_wotr/faults"
    asked = {"kind": "again", "function": "f", "containing": ["x"]}
    with pytest.raises(HTTPError):
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(asked).encode(), method="POST"))


def test_a_stream_is_shuffled_only_as_far_as_it_promises_no_order() -> None:
    records = [
        {"dynamodb": {"Keys": {"pk": {"S": user}}}, "number": number} for number in range(9) for user in "ab"
    ]
    mixed = shuffled(records, random.Random(1))
    assert mixed != records
    for user in "ab":
        own = [each["number"] for each in mixed if each["dynamodb"]["Keys"]["pk"]["S"] == user]
        assert own == list(range(9))
    messages = [{"body": str(number)} for number in range(9)]
    assert sorted(shuffled(messages, random.Random(1)), key=str) == messages
