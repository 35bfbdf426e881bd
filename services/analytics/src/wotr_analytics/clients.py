"""The AWS clients of a function: one of each kind a process, made when first used."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# Two tries of one call stay well within the function's timeout; the queue is the patient one.
_CALLS = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})

# One call of a new version, which takes as long as that takes.
_ONCE = Config(connect_timeout=2, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1})


@cache
def cloudwatch() -> CloudWatchClient:
    """CloudWatch, for the calls of new versions."""
    return boto3.client("cloudwatch", config=_CALLS)


@cache
def codedeploy() -> Any:
    """CodeDeploy, for its hooks."""
    return boto3.client("codedeploy", config=_CALLS)


@cache
def functions() -> LambdaClient:
    """Lambda, for new versions."""
    return boto3.client("lambda", config=_ONCE)


@cache
def dynamodb() -> DynamoDBClient:
    """DynamoDB, for the table `Views` and the index of `Workouts`."""
    return boto3.client("dynamodb", config=_CALLS)


@cache
def s3() -> S3Client:
    """S3, for the lake."""
    return boto3.client("s3", config=_CALLS)


@cache
def sqs() -> SQSClient:
    """SQS, for what is set aside."""
    return boto3.client("sqs", config=_CALLS)


@cache
def ssm() -> SSMClient:
    """Systems Manager, for the configuration."""
    return boto3.client("ssm", config=_CALLS)
