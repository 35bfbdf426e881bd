"""A simulated AWS with what the analytics template makes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

# Read once, when the library's logger and metrics are imported.
os.environ |= {"POWERTOOLS_SERVICE_NAME": "analytics", "POWERTOOLS_METRICS_NAMESPACE": "wotr"}

import boto3
import pytest
from moto import mock_aws
from tests.given import TABLE

from wotr_analytics.store import Views
from wotr_common.dead_letters import DeadLetters

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

BUCKET = "lake"
DEAD_LETTERS = "event-dead-letters"
REQUEST_DEAD_LETTERS = "request-dead-letters"
QUEUES = "https://sqs.eu-central-1.amazonaws.com/123456789012"
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
}


@pytest.fixture
def dynamodb() -> Iterator[DynamoDBClient]:
    with mock_aws():
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
