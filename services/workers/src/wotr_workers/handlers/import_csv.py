"""Function `import_csv`: uploaded exports in, what is new and a message out; and imports taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_workers import clients
from wotr_workers.bulk import BulkImports
from wotr_workers.imports.desk import Desk, DeskSettings
from wotr_workers.imports.uploaded import Inbox
from wotr_workers.queue import ImportQueue


class ImportSettings(DeskSettings):
    """Environment of the function; `bulk_import_arn` is empty where no container takes large uploads."""

    import_queue_url: str
    import_dead_letter_queue_url: str
    bulk_import_arn: str = ""
    bulk_import_bytes: int = 0


settings = ImportSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _inbox() -> Inbox:
    desk = Desk.of(settings, _now)
    bulk = None
    if settings.bulk_import_arn:
        bulk = BulkImports(clients.stepfunctions(), settings.bulk_import_arn, settings.bulk_import_bytes)
    return Inbox(
        desk.importer(),
        desk.undoer(),
        ImportQueue(clients.sqs(), settings.import_queue_url),
        DeadLetters(clients.sqs(), settings.import_dead_letter_queue_url),
        bulk,
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
