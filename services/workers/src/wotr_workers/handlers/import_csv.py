"""Function `import_csv`: uploaded exports in, what is new and a message out; and imports taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.limits import LimitsReader
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.imports.run import Importer
from wotr_workers.imports.undo import Undoer
from wotr_workers.imports.uploaded import Inbox
from wotr_workers.queue import ImportQueue
from wotr_workers.records.kept import KeptRecords
from wotr_workers.records.rebuild import Rebuilder
from wotr_workers.store import Imports, Leases, Table
from wotr_workers.topics import ImportsTopic
from wotr_workers.uploads import Uploads


class ImportSettings(Settings):
    """Environment of the function."""

    workouts_table: str
    config_path: str
    uploads_bucket: str
    import_queue_url: str
    import_dead_letter_queue_url: str
    imports_topic_arn: str


settings = ImportSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _inbox() -> Inbox:
    dynamodb, name = clients.dynamodb(patient=True), settings.workouts_table
    table, imports, leases = Table(dynamodb, name), Imports(dynamodb, name), Leases(dynamodb, name)
    topic = ImportsTopic(clients.sns(), settings.imports_topic_arn)
    records = Rebuilder(KeptRecords(table, _now))
    limits = LimitsReader(clients.ssm(), f"{settings.config_path}/workouts").get
    uploads = Uploads(clients.s3(), settings.uploads_bucket)
    return Inbox(
        Importer(uploads, table, imports, leases, topic, records, limits, _now),
        Undoer(table, imports, leases, topic, records, limits, _now),
        ImportQueue(clients.sqs(), settings.import_queue_url),
        DeadLetters(clients.sqs(), settings.import_dead_letter_queue_url),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do what the messages of a batch ask for; the answer names those that are to come again."""
    until = _now() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    batch = _inbox().take(event["Records"], until)
    metrics.add_metric("WorkoutsImported", MetricUnit.Count, batch.new)
    metrics.add_metric("RowsSetAside", MetricUnit.Count, batch.rows_set_aside)
    metrics.add_metric("ImportsUndone", MetricUnit.Count, batch.undone)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
