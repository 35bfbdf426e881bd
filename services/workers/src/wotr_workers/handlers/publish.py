"""Function `publish`: the table's stream in, events on the bus out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.bus import Bus
from wotr_workers.publisher import publish


class PublishSettings(Settings):
    """Environment of the function."""

    event_bus_name: str
    publish_failures_queue_url: str


settings = PublishSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Publish a batch; the answer names the records that are to come again."""
    batch = publish(
        event["Records"],
        Bus(clients.events(), settings.event_bus_name),
        DeadLetters(clients.sqs(), settings.publish_failures_queue_url),
    )
    metrics.add_metric("EventsPublished", MetricUnit.Count, batch.published)
    metrics.add_metric("RecordsSetAside", MetricUnit.Count, batch.set_aside)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in batch.failed_ids]}
