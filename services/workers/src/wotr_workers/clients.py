"""AWS clients, each made once in the life of a process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

# Two tries of one call: queue and stream are the patient ones.
_BRISK = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
# An import has minutes: it waits for a throttled table rather than beginning again.
_PATIENT = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 8})

# One call of a new version, which takes as long as that takes.
_ONCE = Config(connect_timeout=2, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1})


@cache
def cloudwatch() -> CloudWatchClient:
    """CloudWatch."""
    return boto3.client("cloudwatch", config=_PATIENT)


@cache
def codedeploy() -> Any:
    """CodeDeploy."""
    return boto3.client("codedeploy", config=_PATIENT)


@cache
def functions() -> LambdaClient:
    """Lambda."""
    return boto3.client("lambda", config=_ONCE)


@cache
def dynamodb(*, patient: bool = False) -> DynamoDBClient:
    """DynamoDB."""
    return boto3.client("dynamodb", config=_PATIENT if patient else _BRISK)


@cache
def events() -> EventBridgeClient:
    """EventBridge."""
    return boto3.client("events", config=_BRISK)


@cache
def kms() -> KMSClient:
    """KMS."""
    return boto3.client("kms", config=_PATIENT)


@cache
def s3() -> S3Client:
    """S3."""
    return boto3.client("s3", config=_PATIENT)


@cache
def sns() -> SNSClient:
    """SNS."""
    return boto3.client("sns", config=_PATIENT)


@cache
def sqs() -> SQSClient:
    """SQS."""
    return boto3.client("sqs", config=_BRISK)


@cache
def ssm() -> SSMClient:
    """Systems Manager."""
    return boto3.client("ssm", config=_BRISK)


@cache
def stepfunctions() -> SFNClient:
    """Step Functions."""
    return boto3.client("stepfunctions", config=_BRISK)
