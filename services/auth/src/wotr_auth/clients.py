"""AWS clients, each made once in the life of a process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Two tries within the five seconds that Cognito waits.
BRISK = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})


@cache
def sqs() -> SQSClient:
    """SQS."""
    return boto3.client("sqs", config=BRISK)
