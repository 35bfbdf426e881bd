"""Function `project`: queued events in, each athlete's totals out."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from wotr_analytics.projector import project
from wotr_analytics.queue import DeadLetters
from wotr_analytics.store import Views
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings

# Two tries of one call stay well within the function's timeout; the queue is the patient one.
_CALLS = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


class ProjectSettings(Settings):
    """Environment of the function."""

    views_table: str
    event_dead_letter_queue_url: str


settings = ProjectSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@cache
def _views() -> Views:
    return Views(boto3.client("dynamodb", config=_CALLS), settings.views_table)


@cache
def _dead_letters() -> DeadLetters:
    return DeadLetters(boto3.client("sqs", config=_CALLS), settings.event_dead_letter_queue_url)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Count a batch; the answer names the messages that are to come again."""
    batch = project(event["Records"], _views(), _dead_letters())
    metrics.add_metric("WorkoutLogsProcessed", MetricUnit.Count, batch.first_counted.workouts)
    metrics.add_metric("CaloriesBurned", MetricUnit.NoUnit, float(batch.first_counted.calories))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
