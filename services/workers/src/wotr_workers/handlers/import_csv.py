"""Function `import_csv`: uploaded exports in, new workouts and a message about them out."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.limits import LimitsReader
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.imports.run import Importer
from wotr_workers.imports.uploaded import import_uploads
from wotr_workers.queue import ImportQueue
from wotr_workers.store import Imports, Workouts
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


@cache
def _importer() -> Importer:
    dynamodb = clients.dynamodb(patient=True)
    return Importer(
        Uploads(clients.s3(), settings.uploads_bucket),
        Workouts(dynamodb, settings.workouts_table),
        Imports(dynamodb, settings.workouts_table),
        ImportsTopic(clients.sns(), settings.imports_topic_arn),
        LimitsReader(clients.ssm(), f"{settings.config_path}/workouts").get,
        lambda: datetime.now(UTC),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Import the uploads in a batch; the answer names the messages that are to come again."""
    batch = import_uploads(
        event["Records"],
        _importer(),
        ImportQueue(clients.sqs(), settings.import_queue_url),
        DeadLetters(clients.sqs(), settings.import_dead_letter_queue_url),
    )
    metrics.add_metric("WorkoutsImported", MetricUnit.Count, batch.new)
    metrics.add_metric("RowsSetAside", MetricUnit.Count, batch.rows_set_aside)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
