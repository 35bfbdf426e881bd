"""Gap: a function that reads a table's stream gets the error handling that its mapping asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from stack import Client, Deploy, Wait, allow, function, role

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    },
}
# Logs every delivery; "poison" always fails, "once" fails in the first call that sees it.
CODE = """
import os, pathlib
REPORTS = os.environ["REPORTS"] == "yes"
def fails(key):
    if key == "poison":
        return True
    seen = pathlib.Path(os.environ["TMPDIR"], context_name + "-seen")
    if key != "once" or seen.exists():
        return False
    seen.touch()
    return True
def handler(event, context):
    global context_name
    context_name = context.function_name
    failures = []
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        print("got", key)
        if fails(key):
            if not REPORTS:
                raise RuntimeError(key)
            failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
        else:
            print("done", key)
    return {"batchItemFailures": failures}
"""


Said = Callable[[], list[str]]
Told = Callable[[], list[Any]]
Reader = Callable[..., tuple[Said, Told]]


@pytest.fixture
def reader(stack: Deploy, client: Client, eventually: Wait) -> Reader:
    """Deploy a reader with the given mapping, write the keys, and return what it did with them."""

    def run(keys: list[str], *, reports: bool, **mapping: Any) -> tuple[Said, Told]:
        stream = {"Fn::GetAtt": ["Table", "StreamArn"]}
        made = stack(
            {
                "Table": TABLE,
                "Failures": {"Type": "AWS::SQS::Queue"},
                "Role": role(
                    allow(
                        ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
                        stream,
                    )
                ),
                "Reader": function(CODE, Environment={"Variables": {"REPORTS": "yes" if reports else "no"}}),
                "Mapping": {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {
                        "EventSourceArn": stream,
                        "FunctionName": {"Ref": "Reader"},
                        "StartingPosition": "TRIM_HORIZON",
                        "FunctionResponseTypes": ["ReportBatchItemFailures"] if reports else [],
                        "DestinationConfig": {
                            "OnFailure": {"Destination": {"Fn::GetAtt": ["Failures", "Arn"]}}
                        },
                    }
                    | mapping,
                },
            }
        )
        lambda_, dynamodb = client("lambda"), client("dynamodb")
        lambda_.update_event_source_mapping(UUID=made.ids["Mapping"], Enabled=False)
        for key in keys:
            dynamodb.put_item(TableName=made.ids["Table"], Item={"pk": {"S": key}})
        lambda_.update_event_source_mapping(UUID=made.ids["Mapping"], Enabled=True)

        def said() -> list[str]:
            group = f"/aws/lambda/{made.ids['Reader']}"
            events = client("logs").filter_log_events(logGroupName=group)["events"]
            return [event["message"] for event in events if event["message"].startswith(("got", "done"))]

        groups = client("logs").describe_log_groups
        eventually(lambda: groups(logGroupNamePrefix=f"/aws/lambda/{made.ids['Reader']}")["logGroups"])
        eventually(lambda: f"done {keys[-1]}" in said())

        def told() -> list[Any]:
            answer = client("sqs").receive_message(QueueUrl=made.ids["Failures"], MaxNumberOfMessages=10)
            return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

        return said, told

    return run


def test_a_record_that_failed_is_tried_again_and_not_lost(reader: Reader, eventually: Wait) -> None:
    said, told = reader(["a", "once", "b"], reports=True, MaximumRetryAttempts=5)
    eventually(lambda: {"done a", "done once", "done b"} <= set(said()))
    assert said().count("got a") == 1  # what came before the failure is not repeated
    assert told() == []


def test_poison_alone_goes_to_the_failure_queue_after_its_retries(reader: Reader, eventually: Wait) -> None:
    said, told = reader(
        ["a", "b", "poison", "c"], reports=True, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True
    )
    [failure] = eventually(told)
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 1
    assert {"done a", "done b", "done c"} <= set(said())


def test_a_function_that_raises_loses_only_what_keeps_failing(reader: Reader, eventually: Wait) -> None:
    said, told = reader(
        ["a", "poison", "b"], reports=False, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True
    )
    [failure] = eventually(told)
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 1
    assert {"done a", "done b"} <= set(said())


def test_a_filter_decides_what_the_function_sees(reader: Reader) -> None:
    pattern = {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "wanted"}]}}}}
    said, _told = reader(
        ["other", "wanted-1", "wanted-2"],
        reports=True,
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
    )
    assert "got other" not in said()
