"""Each function and task can do its job and nothing else, as the endpoint enforces it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from probe import DENIED, probe

from stage_client import Stage

ITEM = {"pk": {"S": "USER#probe"}, "sk": {"S": "PROBE#1"}}


@dataclass(frozen=True)
class Call:
    """One AWS call; texts in `arguments` like `{data.WorkoutsTableName}` stand for the stage's outputs."""

    service: str
    operation: str
    arguments: dict[str, Any]


def put(table: str) -> Call:
    return Call("dynamodb", "put_item", {"TableName": table, "Item": ITEM})


def query(table: str) -> Call:
    return Call(
        "dynamodb",
        "query",
        {
            "TableName": table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "USER#probe"}},
        },
    )


def delete(table: str) -> Call:
    return Call("dynamodb", "delete_item", {"TableName": table, "Key": ITEM})


WORKOUTS = "{data.WorkoutsTableName}"
VIEWS = "{analytics.ViewsTableName}"
UPLOADS = "{data.UploadsBucketName}"
EXPORTS = "{api.ExportsBucketName}"
LAKE = "{analytics.LakeBucketName}"
send = Call("sqs", "send_message", {"QueueUrl": "{workers.WorkoutQueueUrl}", "MessageBody": "{}"})

record = Call(
    "dynamodb",
    "put_item",
    {
        "TableName": "{analytics.DynamoDBTableName}",
        "Item": {"requestId": {"S": "probe"}, "receivedAt": {"S": "2026-11-25T00:00:00.000Z"}},
    },
)
NO_SESSION = (
    '{"userId": "probe", "sessionId": "20260101T000000-probe", "version": 1, "correlationId": "probe"}'
)

ENROLMENT = '{"name": "profile.change", "userId": "probe", "commandId": "probe", "correlationId": "probe"}'

sandbox = Call(
    "dynamodb",
    "get_item",
    {"TableName": WORKOUTS, "Key": {"pk": {"S": "USER#sandbox-canary"}, "sk": {"S": "PROBE#1"}}},
)
measure = Call(
    "cloudwatch",
    "get_metric_data",
    {
        "MetricDataQueries": [
            {
                "Id": "calls",
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Invocations"},
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
        ],
        "StartTime": "2026-11-25T00:00:00Z",
        "EndTime": "2026-11-25T01:00:00Z",
    },
)
change = Call("lambda", "invoke", {"FunctionName": "{workers.CommandFunctionArn}", "Payload": "{{}}"})

# function, or task of a container: what it is for, and the neighbouring call that it must not make
DUTIES: dict[str, tuple[Call | None, Call]] = {
    "auth/PreSignUpFunction": (None, query(WORKOUTS)),
    "auth/PostConfirmationFunction": (
        Call(
            "sqs",
            "send_message",
            {"QueueUrl": "{workers.EnrolmentQueueUrl}", "MessageBody": ENROLMENT},
        ),
        put(WORKOUTS),
    ),
    "auth/PreTokenGenerationFunction": (
        None,
        Call(
            "cognito-idp",
            "admin_add_user_to_group",
            {"UserPoolId": "{auth.UserPoolId}", "Username": "probe", "GroupName": "admin"},
        ),
    ),
    "api/AcceptFunction": (send, put(WORKOUTS)),
    "api/QueryFunction": (query(WORKOUTS), put(WORKOUTS)),
    "api/ChangeFunction": (change, put(WORKOUTS)),
    "api/ExportFunction": (
        Call("s3", "put_object", {"Bucket": EXPORTS, "Key": "exports/probe/probe.csv", "BodyText": "x"}),
        put(WORKOUTS),
    ),
    "api/StatsFunction": (query(VIEWS), query(WORKOUTS)),
    "api/SecretsFunction": (
        Call("secretsmanager", "describe_secret", {"SecretId": "{api.PageTokenSecretArn}"}),
        Call("secretsmanager", "get_secret_value", {"SecretId": "{api.PageTokenSecretArn}"}),
    ),
    "api/HealthFunction": (None, query(WORKOUTS)),
    "auth/PreTrafficFunction": (None, change),
    "auth/PostTrafficFunction": (measure, query(WORKOUTS)),
    "api/PreTrafficFunction": (sandbox, put(WORKOUTS)),
    "api/PostTrafficFunction": (measure, query(WORKOUTS)),
    "workers/PreTrafficFunction": (sandbox, put(WORKOUTS)),
    "workers/PostTrafficFunction": (measure, query(WORKOUTS)),
    "analytics/PreTrafficFunction": (None, query(VIEWS)),
    "analytics/PostTrafficFunction": (measure, query(VIEWS)),
    "workers/WriteFunction": (put(WORKOUTS), delete(WORKOUTS)),
    "workers/ReencryptFunction": (
        Call("dynamodb", "scan", {"TableName": WORKOUTS, "Limit": 1}),
        delete(WORKOUTS),
    ),
    "workers/CommandFunction": (delete(WORKOUTS), send),
    "workers/ImportCsvFunction": (
        Call("s3", "get_object", {"Bucket": UPLOADS, "Key": "uploads/probe/probe.csv"}),
        Call("s3", "put_object", {"Bucket": UPLOADS, "Key": "uploads/probe/probe.csv", "BodyText": "x"}),
    ),
    "workers/BulkImportTask": (
        Call("s3", "get_object", {"Bucket": UPLOADS, "Key": "uploads/probe/probe.csv"}),
        Call(
            "sqs", "send_message", {"QueueUrl": "{workers.ImportDeadLetterQueueUrl}", "MessageBody": "{{}}"}
        ),
    ),
    "workers/PublishFunction": (
        Call(
            "events",
            "put_events",
            {
                "Entries": [
                    {
                        "EventBusName": "{platform.EventBusName}",
                        "Source": "wotr.workers",
                        "DetailType": "probe",
                        "Detail": "{{}}",
                    }
                ]
            },
        ),
        put(WORKOUTS),
    ),
    "workers/StartWorkflowFunction": (
        Call(
            "stepfunctions",
            "start_execution",
            {"stateMachineArn": "{workers.SessionWorkflowArn}", "input": NO_SESSION},
        ),
        put(WORKOUTS),
    ),
    "workers/ValidateSessionFunction": (
        Call("dynamodb", "batch_get_item", {"RequestItems": {WORKOUTS: {"Keys": [ITEM]}}}),
        put(WORKOUTS),
    ),
    "workers/SetLoadFunction": (None, query(WORKOUTS)),
    "workers/SessionLoadFunction": (put(WORKOUTS), query(WORKOUTS)),
    "workers/RecordsFunction": (put(WORKOUTS), send),
    "workers/EnrolFunction": (put(WORKOUTS), query(WORKOUTS)),
    "workers/PrLogFunction": (put(WORKOUTS), query(WORKOUTS)),
    "analytics/ProjectFunction": (put(VIEWS), query(WORKOUTS)),
    "analytics/CollectFunction": (record, put(VIEWS)),
    "analytics/TransformFunction": (
        Call("s3", "get_object", {"Bucket": LAKE, "Key": "lake/workout_events/dt=2000-01-01/probe"}),
        Call("s3", "put_object", {"Bucket": LAKE, "Key": "reports/probe.json", "BodyText": "x"}),
    ),
    "analytics/DailySummaryFunction": (
        Call(
            "dynamodb",
            "query",
            {
                "TableName": WORKOUTS,
                "IndexName": "GSI1",
                "KeyConditionExpression": "GSI1PK = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "probe"}},
            },
        ),
        query(WORKOUTS),
    ),
    "analytics/CleanUpFunction": (
        Call("s3", "list_object_versions", {"Bucket": UPLOADS, "Prefix": "uploads/probe/"}),
        Call("s3", "put_object", {"Bucket": UPLOADS, "Key": "uploads/probe/probe.csv", "BodyText": "x"}),
    ),
    "analytics/RebuildFunction": (query(WORKOUTS), put(WORKOUTS)),
}


def filled(value: Any, stage: Stage) -> Any:
    """`value` with each `{stack.Output}` replaced."""
    if isinstance(value, dict):
        return {filled(name, stage): filled(inner, stage) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, stage) for inner in value]
    if isinstance(value, str) and re.fullmatch(r"\{\w+\.\w+\}", value):
        stack, _, output = value.strip("{}").partition(".")
        return stage.outputs(stack)[output]
    return "{}" if value == "{{}}" else value


def roles(stage: Stage) -> dict[str, str]:
    """Role ARN of each deployed function and task, by `stack/LogicalId`."""
    stacks = boto3.client("cloudformation")
    functions = boto3.client("lambda")
    tasks = boto3.client("ecs")
    found = {}
    for stack in ("auth", "api", "workers", "analytics"):
        pages = stacks.get_paginator("list_stack_resources").paginate(StackName=f"wotr-{stack}-{stage.name}")
        for resource in (each for page in pages for each in page["StackResourceSummaries"]):
            if resource["ResourceType"] == "AWS::Lambda::Function":
                role = functions.get_function_configuration(FunctionName=resource["PhysicalResourceId"])[
                    "Role"
                ]
                found[f"{stack}/{resource['LogicalResourceId']}"] = role
            if resource["ResourceType"] == "AWS::ECS::TaskDefinition":
                task = tasks.describe_task_definition(taskDefinition=resource["PhysicalResourceId"])
                found[f"{stack}/{resource['LogicalResourceId']}"] = task["taskDefinition"]["taskRoleArn"]
    return found


def test_every_function_is_held_to_its_duty(stage: Stage) -> None:
    assert set(roles(stage)) == set(DUTIES), "give each function and task its row in DUTIES"


@pytest.mark.parametrize("function", DUTIES)
def test_function_may_do_its_job_and_not_its_neighbours(stage: Stage, function: str) -> None:
    may, must_not = DUTIES[function]
    with probe(roles(stage)[function]) as acting:
        refused = acting.outcome(must_not.service, must_not.operation, filled(must_not.arguments, stage))
        assert refused in DENIED
        if may is not None:
            done = acting.outcome(may.service, may.operation, filled(may.arguments, stage))
            assert done in {"allowed", "NoSuchKey"}
