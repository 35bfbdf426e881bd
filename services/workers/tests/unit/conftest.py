"""A table and queues in memory, as the templates make them; functions' environments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="eu-central-1",
    POWERTOOLS_SERVICE_NAME="workers",
    POWERTOOLS_METRICS_NAMESPACE="wotr",
)

import boto3
import pytest
from moto import mock_aws
from tests.unit.cloud import TABLE, Queue, make_table, notes
from tests.unit.stream import Stream

from wotr_common.dead_letters import DeadLetters
from wotr_workers.store import Workouts

# Made once for all tests: its services' models took a quarter of the time.
SESSION = boto3.Session()


@pytest.fixture
def aws() -> Iterator[None]:
    """AWS in memory, empty."""
    with mock_aws():
        boto3.DEFAULT_SESSION = SESSION
        yield


@pytest.fixture
def dynamodb(aws: None) -> Any:
    """A client of DynamoDB with an empty table `Workouts`."""
    return make_table()


@pytest.fixture
def workouts(dynamodb: Any) -> Workouts:
    """The empty table as the service sees it."""
    return Workouts(dynamodb, TABLE, notes())


@pytest.fixture
def queue(aws: None) -> Queue:
    """An empty queue."""
    return Queue()


@pytest.fixture
def dead_letters(queue: Queue) -> DeadLetters:
    """Dead letters that go to `queue`."""
    return DeadLetters(queue.sqs, queue.url)


@pytest.fixture
def stream(dynamodb: Any, dead_letters: DeadLetters) -> Stream:
    """An empty table with its stream, its records and whoever hears of them."""
    return Stream(dynamodb, dead_letters)
