"""Function `enrol`: who was confirmed in, profiles out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.enrolment import enrol
from wotr_workers.store import Table


class EnrolSettings(Settings):
    """Environment of the function."""

    workouts_table: str
    enrolment_dead_letter_queue_url: str


settings = EnrolSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Enrol a batch; the answer names the messages that are to come again."""
    batch = enrol(
        event["Records"],
        Table(clients.dynamodb(), settings.workouts_table),
        DeadLetters(clients.sqs(), settings.enrolment_dead_letter_queue_url),
    )
    metrics.add_metric("AthletesEnrolled", MetricUnit.Count, batch.enrolled)
    metrics.add_metric("DuplicatesSeen", MetricUnit.Count, batch.duplicates)
    metrics.add_metric("MessagesSetAside", MetricUnit.Count, batch.set_aside)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
