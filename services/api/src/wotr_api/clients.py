"""AWS clients of this process: made when first needed, then kept."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.envelope import DataKeys
from wotr_common.notes import Notes

AWS_FAILURES = (BotoCoreError, ClientError)  # what a call raises when its last try has failed

# Three tries of at most six seconds end before the functions' 25: a caller gets a 503, not a timeout.
_PATIENCE = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
_OWN: dict[str, Config] = {
    # Short: where a secret is known already, its caller shall not wait for an outage of Secrets Manager.
    "secretsmanager": Config(
        connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}
    ),
    # What is signed for somebody else is used as it is: encrypted objects want Signature Version 4, and the
    # bucket's regional address spares a redirect, which the signature would not survive.
    "s3": _PATIENCE.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"})),
    # One try: whether a call that was not answered did its work, only the caller can find out.
    "lambda": Config(
        connect_timeout=1, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1}
    ),
}


@cache
def client(service: str) -> Any:
    """The client of `service`; the endpoint is the environment's."""
    return boto3.client(service, config=_OWN.get(service, _PATIENCE))  # type: ignore[call-overload,unused-ignore]


@cache
def notes(key_alias: str) -> Notes:
    """What opens the notes of items."""
    return Notes(DataKeys(lambda: client("kms"), key_alias))


@cache
def table(name: str) -> Any:
    """DynamoDB table `name` as a resource, which takes and gives plain Python values."""
    return boto3.resource("dynamodb", config=_PATIENCE).Table(name)
