"""AWS clients, each made once in the life of a process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# Two tries within the five seconds that Cognito waits.
BRISK = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
# A rotation has a minute, and nobody waits for it.
PATIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})

# One call of a new version, which takes as long as that takes.
ONCE = Config(connect_timeout=2, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1})


@cache
def cloudwatch() -> CloudWatchClient:
    """CloudWatch."""
    return boto3.client("cloudwatch", config=PATIENT)


@cache
def codedeploy() -> Any:
    """CodeDeploy."""
    return boto3.client("codedeploy", config=PATIENT)


@cache
def functions() -> LambdaClient:
    """Lambda."""
    return boto3.client("lambda", config=ONCE)


@cache
def sqs() -> SQSClient:
    """SQS."""
    return boto3.client("sqs", config=BRISK)


@cache
def secrets_manager() -> SecretsManagerClient:
    """Secrets Manager."""
    return boto3.client("secretsmanager", config=PATIENT)
