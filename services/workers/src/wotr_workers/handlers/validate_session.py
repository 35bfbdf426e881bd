"""Function `validate_session`: the workflow's first step reads the session that it is about."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.observability import logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.store import Table
from wotr_workers.workflow.steps import validated


class ValidateSettings(Settings):
    """Environment of the function."""

    workouts_table: str


settings = ValidateSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True, correlation_id_path="correlationId")
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """The session and the work of its sets, or why there is nothing to do."""
    answer = validated(event, Table(clients.dynamodb(), settings.workouts_table))
    logger.info("session read", current=answer["current"], reason=answer.get("reason"))
    return answer
