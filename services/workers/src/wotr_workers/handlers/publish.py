"""Function `publish`: the table's stream in, events on the bus out."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers.bus import Bus
from wotr_workers.publisher import publish
from wotr_workers.queue import DeadLetters

_CALLS = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


class PublishSettings(Settings):
    """Environment of the function."""

    event_bus_name: str
    publish_failures_queue_url: str


settings = PublishSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@cache
def _bus() -> Bus:
    return Bus(boto3.client("events", config=_CALLS), settings.event_bus_name)


@cache
def _failures() -> DeadLetters:
    return DeadLetters(boto3.client("sqs", config=_CALLS), settings.publish_failures_queue_url)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Publish a batch; the answer names the records that are to come again."""
    batch = publish(event["Records"], _bus(), _failures())
    metrics.add_metric("EventsPublished", MetricUnit.Count, batch.published)
    metrics.add_metric("RecordsSetAside", MetricUnit.Count, batch.set_aside)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in batch.failed_ids]}
