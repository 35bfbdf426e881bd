"""Functions' environments, as the template makes them, and AWS in memory."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

os.environ.update(POWERTOOLS_SERVICE_NAME="auth", POWERTOOLS_METRICS_NAMESPACE="wotr")

import boto3
import pytest
from moto import mock_aws

from wotr_auth import clients

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Load = Callable[..., ModuleType]


@pytest.fixture
def sqs() -> Iterator[SQSClient]:
    """SQS, empty."""
    with mock_aws():
        yield boto3.client("sqs")


@pytest.fixture
def queue_url(sqs: SQSClient) -> str:
    """An empty queue."""
    return sqs.create_queue(QueueName="enrolment")["QueueUrl"]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Imports a handler afresh, in an environment like its template's and `variables`."""

    def fresh(name: str, **variables: str) -> ModuleType:
        for variable, value in {"WOTR_STAGE": "dev", **variables}.items():
            monkeypatch.setenv(variable, value)
        importlib.reload(clients)  # whose clients belong to the AWS of another test
        return importlib.reload(importlib.import_module(f"wotr_auth.handlers.{name}"))

    return fresh
