"""Function `write`: accepted workouts in, items of the table out."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.envelope import DataKeys
from wotr_common.limits import LimitsReader
from wotr_common.notes import Notes
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.store import Workouts
from wotr_workers.writer import write


class WriteSettings(Settings):
    """Environment of the function."""

    workouts_table: str
    config_path: str
    workout_dead_letter_queue_url: str
    notes_key_alias: str


settings = WriteSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@cache
def _limits() -> LimitsReader:
    return LimitsReader(clients.ssm(), f"{settings.config_path}/workouts")


@cache
def _notes() -> Notes:
    return Notes(DataKeys(clients.kms, settings.notes_key_alias))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Write a batch; the answer names the messages that are to come again."""
    batch = write(
        event["Records"],
        Workouts(clients.dynamodb(), settings.workouts_table, _notes()),
        DeadLetters(clients.sqs(), settings.workout_dead_letter_queue_url),
        _limits().get().shards,
    )
    metrics.add_metric("WorkoutsWritten", MetricUnit.Count, batch.written)
    metrics.add_metric("DuplicatesSeen", MetricUnit.Count, batch.duplicates)
    metrics.add_metric("MessagesSetAside", MetricUnit.Count, batch.set_aside)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
