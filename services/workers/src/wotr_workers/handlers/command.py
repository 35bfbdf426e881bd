"""Function `command`: a command in, its outcome out."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.envelope import DataKeys
from wotr_common.limits import LimitsReader
from wotr_common.notes import Notes
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.commands.decision import Desk
from wotr_workers.commands.dispatch import answer
from wotr_workers.queue import ImportQueue
from wotr_workers.store import Imports, Table
from wotr_workers.store.sessions import Sessions


class CommandSettings(Settings):
    """Environment of the function."""

    workouts_table: str
    config_path: str
    import_queue_url: str
    notes_key_alias: str


settings = CommandSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@cache
def _desk() -> Desk:
    dynamodb, table = clients.dynamodb(), settings.workouts_table
    notes = Notes(DataKeys(clients.kms, settings.notes_key_alias))
    return Desk(
        Table(dynamodb, table, notes),
        Sessions(dynamodb, table, notes),
        Imports(dynamodb, table),
        ImportQueue(clients.sqs(), settings.import_queue_url),
        LimitsReader(clients.ssm(), f"{settings.config_path}/workouts").get,
        lambda: datetime.now(UTC),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Do what the command asks; the answer is the caller's to pass on."""
    outcome = answer(_desk(), event)
    metrics.add_metric("CommandsAnswered", MetricUnit.Count, 1)
    return outcome.model_dump(mode="json", by_alias=True)
