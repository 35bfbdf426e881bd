"""Function `write`: accepted workouts in, items of the table out."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from wotr_common.limits import LimitsReader
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers.queue import DeadLetters
from wotr_workers.store import Workouts
from wotr_workers.writer import write

# Few tries of one call stay well within the function's timeout; the queue is the patient one.
_CALLS = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})


class WriteSettings(Settings):
    """Environment of the function."""

    workouts_table: str
    config_path: str
    workout_dead_letter_queue_url: str


settings = WriteSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@cache
def _workouts() -> Workouts:
    return Workouts(boto3.client("dynamodb", config=_CALLS), settings.workouts_table)


@cache
def _dead_letters() -> DeadLetters:
    return DeadLetters(boto3.client("sqs", config=_CALLS), settings.workout_dead_letter_queue_url)


@cache
def _limits() -> LimitsReader:
    return LimitsReader(boto3.client("ssm", config=_CALLS), f"{settings.config_path}/workouts")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Write a batch; the answer names the messages that are to come again."""
    batch = write(event["Records"], _workouts(), _dead_letters(), _limits().get().shards)
    metrics.add_metric("WorkoutsWritten", MetricUnit.Count, batch.written)
    metrics.add_metric("DuplicatesSeen", MetricUnit.Count, batch.duplicates)
    metrics.add_metric("MessagesSetAside", MetricUnit.Count, batch.set_aside)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
