"""Function `project`: queued events in, each athlete's totals and newest sessions out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_analytics import clients
from wotr_analytics.projector import project
from wotr_analytics.replays import log_replayed
from wotr_analytics.store import Views
from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings


class ProjectSettings(Settings):
    """Environment of the function."""

    views_table: str
    event_dead_letter_queue_url: str


settings = ProjectSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Project a batch; the answer names the messages that are to come again."""
    log_replayed(event["Records"])
    batch = project(
        event["Records"],
        Views(clients.dynamodb(), settings.views_table),
        DeadLetters(clients.sqs(), settings.event_dead_letter_queue_url),
    )
    metrics.add_metric("WorkoutLogsProcessed", MetricUnit.Count, batch.first_counted.workouts)
    metrics.add_metric("CaloriesBurned", MetricUnit.NoUnit, float(batch.first_counted.calories))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
