"""Function `records`: the table's stream in, records kept and told of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.records.follow import Follower, follow
from wotr_workers.records.kept import KeptRecords
from wotr_workers.store import Table
from wotr_workers.topics import RecordsTopic


class RecordsSettings(Settings):
    """Environment of the function."""

    workouts_table: str
    records_topic_arn: str
    records_failures_queue_url: str


settings = RecordsSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Follow a batch; the answer names the records that are to come again."""
    table = Table(clients.dynamodb(patient=True), settings.workouts_table)
    batch = follow(
        event["Records"],
        Follower(
            KeptRecords(table, lambda: datetime.now(UTC)),
            RecordsTopic(clients.sns(), settings.records_topic_arn),
        ),
        DeadLetters(clients.sqs(), settings.records_failures_queue_url),
    )
    metrics.add_metric("RecordsBroken", MetricUnit.Count, batch.broken)
    metrics.add_metric("ChangesSetAside", MetricUnit.Count, batch.set_aside)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in batch.failed_ids]}
