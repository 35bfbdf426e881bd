"""Function `transform`: queued events in, rows of the lake out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_analytics import clients
from wotr_analytics.lake.objects import Lake
from wotr_analytics.lake.transformer import transform
from wotr_analytics.replays import log_replayed
from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings


class TransformSettings(Settings):
    """Environment of the function."""

    lake_bucket: str
    lake_dead_letter_queue_url: str


settings = TransformSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Add a batch to the lake; the answer names the messages that are to come again."""
    log_replayed(event["Records"])
    batch = transform(
        event["Records"],
        Lake(clients.s3(), settings.lake_bucket),
        DeadLetters(clients.sqs(), settings.lake_dead_letter_queue_url),
    )
    metrics.add_metric("LakeRowsAdded", MetricUnit.Count, batch.added)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
