"""AWS clients of this process: made when first needed, then kept."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

AWS_FAILURES = (BotoCoreError, ClientError)  # what a call raises when its last try has failed

# Three tries of at most six seconds end before the functions' 25: a caller gets a 503, not a timeout.
_PATIENCE = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def client(service: str) -> Any:
    """The client of `service`; the endpoint is the environment's."""
    return boto3.client(service, config=_PATIENCE)  # type: ignore[call-overload,unused-ignore]


@cache
def table(name: str) -> Any:
    """DynamoDB table `name` as a resource, which takes and gives plain Python values."""
    return boto3.resource("dynamodb", config=_PATIENCE).Table(name)
