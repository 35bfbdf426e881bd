"""A simulated AWS with what the analytics template makes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

# Read once, when the library's logger and metrics are imported.
os.environ |= {"POWERTOOLS_SERVICE_NAME": "analytics", "POWERTOOLS_METRICS_NAMESPACE": "wotr"}

import boto3
import botocore.loaders
import botocore.session
import pytest
from moto import mock_aws
from tests.given import TABLE
from tests.unit.night_given import SHARDS, WORKOUTS, Stage

from wotr_analytics.store import Views
from wotr_common import keys
from wotr_common.dead_letters import DeadLetters

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

BUCKET = "lake"
DEAD_LETTERS = "event-dead-letters"
REQUEST_DEAD_LETTERS = "request-dead-letters"
QUEUES = "https://sqs.eu-central-1.amazonaws.com/123456789012"
UPLOADS, ACCESS_LOGS, API_LOGS = "uploads-bucket", "access-logs-bucket", "api-logs-bucket"
IDEMPOTENCY = "idempotency"
# Read once, when a handler is imported.
os.environ |= {
    "WOTR_STAGE": "dev",
    "VIEWS_TABLE": TABLE,
    "EVENT_DEAD_LETTER_QUEUE_URL": f"{QUEUES}/{DEAD_LETTERS}",
    "LAKE_BUCKET": BUCKET,
    "LAKE_DEAD_LETTER_QUEUE_URL": f"{QUEUES}/{DEAD_LETTERS}",
    "REQUESTS_TABLE": "requests",
    "REQUEST_RETENTION_DAYS": "30",
    "REQUEST_DEAD_LETTER_QUEUE_URL": f"{QUEUES}/{REQUEST_DEAD_LETTERS}",
    "JOB_DEAD_LETTER_QUEUE_URL": f"{QUEUES}/{DEAD_LETTERS}",
    "WORKOUTS_TABLE": WORKOUTS,
    "LIMITS_PATH": "/wotr/dev/workouts",
    "UPLOADS_BUCKET": UPLOADS,
    "UPLOADS_KEPT_DAYS": "30",
    "UPLOADS_RESTORABLE_DAYS": "30",
    "ACCESS_LOG_BUCKET": ACCESS_LOGS,
    "API_LOGS_BUCKET": API_LOGS,
    "LOGS_KEPT_DAYS": "90",
    "IDEMPOTENCY_PARAMETER": "/wotr/dev/api/idempotency-table",
}

# The services' models, read once for all tests and not for each.
MODELS = botocore.loaders.create_loader()


@pytest.fixture
def dynamodb() -> Iterator[DynamoDBClient]:
    with mock_aws():
        made = botocore.session.get_session()
        made.register_component("data_loader", MODELS)
        boto3.setup_default_session(botocore_session=made)
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield client


@pytest.fixture
def views(dynamodb: DynamoDBClient) -> Views:
    return Views(dynamodb, TABLE)


@pytest.fixture
def sqs(dynamodb: DynamoDBClient) -> SQSClient:
    return boto3.client("sqs")


@pytest.fixture
def dead_letter_url(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName=DEAD_LETTERS)["QueueUrl"]


@pytest.fixture
def request_dead_letter_url(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName=REQUEST_DEAD_LETTERS)["QueueUrl"]


@pytest.fixture
def dead_letters(sqs: SQSClient, dead_letter_url: str) -> DeadLetters:
    return DeadLetters(sqs, dead_letter_url)


@pytest.fixture
def record(dynamodb: DynamoDBClient) -> None:
    """The system of record with its index by time."""
    dynamodb.create_table(
        TableName=WORKOUTS,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "GSI1PK", "GSI1SK")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": keys.TIME_INDEX,
                "KeySchema": [
                    {"AttributeName": "GSI1PK", "KeyType": "HASH"},
                    {"AttributeName": "GSI1SK", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


@pytest.fixture
def stage(dynamodb: DynamoDBClient, record: None) -> Stage:
    """The system of record, and the bucket of lake and reports."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Stage(dynamodb, s3)


@pytest.fixture
def limits(dynamodb: DynamoDBClient) -> None:
    """What is configured."""
    ssm = boto3.client("ssm")
    values = {
        "supported-types": "run,ride",
        "duration-min": "1",
        "duration-max": "600",
        "shards": str(SHARDS),
    }
    for name, value in values.items():
        ssm.put_parameter(Name=f"/wotr/dev/workouts/{name}", Value=value, Type="String")
