"""The nightly jobs as deployed: what they do, and that their failures end where somebody looks."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from tests.integration.waiting import eventually

Outputs = Callable[[str], dict[str, str]]
DAY = timedelta(days=1)


def send(url: str, job: dict[str, str]) -> None:
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(job))


def dead_letters(url: str, text: str) -> list[str]:
    """Bodies of the messages with this text, taken out; others' stay."""
    sqs = boto3.client("sqs")
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    found = [message for message in answer.get("Messages", []) if text in message["Body"]]
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in found]


@contextmanager
def impatient(url: str) -> Iterator[None]:
    """A queue whose messages come again after a second instead of half an hour."""
    sqs = boto3.client("sqs")
    usual = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=dict(usual))


@contextmanager
def denied(bucket: str, key: str) -> Iterator[None]:
    """Nobody may write this one object."""
    s3 = boto3.client("s3")
    usual = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    policy = json.loads(usual)
    policy["Statement"].append(
        {
            "Sid": "NotThisOne",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/{key}",
        }
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    try:
        yield
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=usual)


@contextmanager
def forbidden(role: str, action: str) -> Iterator[None]:
    """A role may not do something for a while."""
    iam, statement = boto3.client("iam"), {"Effect": "Deny", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="forbidden-by-a-test", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="forbidden-by-a-test")


@contextmanager
def lasting(*tables: str) -> Iterator[None]:
    """Tables that delete nothing by themselves for now: DynamoDB takes days, the local cloud a minute."""
    dynamodb = boto3.client("dynamodb")

    def switch(on: bool) -> None:
        for table in tables:
            dynamodb.update_time_to_live(
                TableName=table, TimeToLiveSpecification={"AttributeName": "expiresAt", "Enabled": on}
            )

    switch(False)
    try:
        yield
    finally:
        switch(True)


def alarms_on(queue_url: str) -> list[list[str]]:
    """Whom the alarms on what lies in a queue tell."""
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate()
    name = queue_url.rsplit("/", 1)[1]
    return [
        alarm["AlarmActions"]
        for page in pages
        for alarm in page["MetricAlarms"]
        if {"Name": "QueueName", "Value": name} in alarm.get("Dimensions", [])
        and alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    ]


def report(bucket: str, day: str) -> dict[str, Any] | None:
    s3 = boto3.client("s3")
    try:
        found = s3.get_object(Bucket=bucket, Key=f"reports/{day}.json")
    except s3.exceptions.NoSuchKey:
        return None
    said: dict[str, Any] = json.loads(found["Body"].read())
    return said


def test_a_day_by_message_is_reported(outputs: Outputs) -> None:
    analytics = outputs("analytics")
    day = f"2001-{secrets.randbelow(12) + 1:02d}-{secrets.randbelow(28) + 1:02d}"
    send(analytics["SummaryQueueUrl"], {"day": day})

    found = eventually(lambda: report(analytics["LakeBucketName"], day), lambda said: said is not None)

    assert found is not None
    assert found["totals"]["workouts"] == 0


def test_a_summary_that_cannot_be_written_is_a_dead_letter_with_an_alarm_on_it(outputs: Outputs) -> None:
    analytics = outputs("analytics")
    queue, dead = analytics["SummaryQueueUrl"], analytics["SummaryDeadLetterQueueUrl"]
    day = f"1999-01-{secrets.randbelow(28) + 1:02d}"

    with impatient(queue), denied(analytics["LakeBucketName"], f"reports/{day}.json"):
        send(queue, {"day": day})
        (body,) = eventually(lambda: dead_letters(dead, day), bool)

    assert json.loads(body) == {"day": day}
    assert alarms_on(dead) == [[outputs("platform")["OpsTopicArn"]]]


@pytest.mark.parametrize(("job", "said"), [("Summary", "day"), ("CleanUp", "scheduledAt")])
def test_a_job_that_nobody_can_read_is_set_aside_at_once(outputs: Outputs, job: str, said: str) -> None:
    analytics = outputs("analytics")
    word = f"poison-{secrets.token_hex(8)}"
    send(analytics[f"{job}QueueUrl"], {said: word})

    assert eventually(lambda: dead_letters(analytics[f"{job}DeadLetterQueueUrl"], word), bool)


def test_a_clean_up_removes_records_that_are_overdue_and_no_others(outputs: Outputs) -> None:
    stage = outputs("platform")["ConfigPath"]
    keyed = boto3.client("ssm").get_parameter(Name=f"{stage}/api/idempotency-table")["Parameter"]["Value"]
    requests = outputs("analytics")["DynamoDBTableName"]
    dynamodb, mine = boto3.client("dynamodb"), secrets.token_hex(8)
    now = datetime.now(UTC)

    def key(table: str, name: str) -> Any:
        word = {"S": f"{name}-{mine}"}
        return {"pk": word} if table == keyed else {"requestId": word, "receivedAt": word}

    def kept(name: str) -> list[bool]:
        tables = (keyed, requests)
        return ["Item" in dynamodb.get_item(TableName=table, Key=key(table, name)) for table in tables]

    with lasting(keyed, requests):
        for table in (keyed, requests):
            for name, expires in {"old": now - 2 * DAY, "live": now + DAY}.items():
                due = {"expiresAt": {"N": str(int(expires.timestamp()))}}
                dynamodb.put_item(TableName=table, Item=key(table, name) | due)

        send(outputs("analytics")["CleanUpQueueUrl"], {"scheduledAt": now.isoformat()})

        eventually(lambda: kept("old"), lambda found: not any(found))
    assert all(kept("live"))


def test_a_clean_up_keeps_new_uploads_and_sees_every_place(outputs: Outputs, user_id: str) -> None:
    bucket, key = outputs("data")["UploadsBucketName"], f"uploads/{user_id}/new.csv"
    s3 = boto3.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"")

    answer = boto3.client("lambda").invoke(
        FunctionName=outputs("analytics")["CleanUpFunctionArn"], Payload=b"{}"
    )
    said = json.loads(answer["Payload"].read())

    assert {name: place["finished"] for name, place in said["places"].items()} == {
        "Uploads": True,
        "AccessLogs": True,
        "ApiLogs": True,
        "IdempotencyRecords": True,
        "Requests": True,
    }
    s3.head_object(Bucket=bucket, Key=key)


def test_a_clean_up_that_fails_is_a_dead_letter_with_an_alarm_on_it(outputs: Outputs) -> None:
    analytics = outputs("analytics")
    queue, dead = analytics["CleanUpQueueUrl"], analytics["CleanUpDeadLetterQueueUrl"]
    at = (datetime.now(UTC) - timedelta(seconds=secrets.randbelow(10**7))).isoformat()

    with impatient(queue), forbidden(analytics["CleanUpRoleName"], "dynamodb:Scan"):
        send(queue, {"scheduledAt": at})
        (body,) = eventually(lambda: dead_letters(dead, at), bool)

    assert json.loads(body) == {"scheduledAt": at}
    assert alarms_on(dead) == [[outputs("platform")["OpsTopicArn"]]]
