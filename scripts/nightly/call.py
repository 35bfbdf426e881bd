"""Call a job's function and wait for its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stage_client import StageError

_LONGEST_S = 310  # the functions end after five minutes


def call(function_arn: str, job: Mapping[str, Any]) -> dict[str, Any]:
    """What the function answers; StageError with its own words where it fails."""
    config = Config(read_timeout=_LONGEST_S, retries={"total_max_attempts": 1})
    try:
        answer = boto3.client("lambda", config=config).invoke(
            FunctionName=function_arn, Payload=json.dumps(job).encode()
        )
    except (ClientError, BotoCoreError) as error:
        raise StageError(f"{function_arn} could not be called: {error}") from error
    said = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise StageError(f"{said.get('errorType', 'it failed')}: {said.get('errorMessage', said)}")
    found: dict[str, Any] = said
    return found
