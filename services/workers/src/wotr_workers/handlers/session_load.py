"""Function `session_load`: the loads of all sets in, the session's load stored."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.store.session_loads import SessionLoads
from wotr_workers.workflow.steps import stored


class SessionLoadSettings(Settings):
    """Environment of the function."""

    workouts_table: str


settings = SessionLoadSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True, correlation_id_path="session.correlationId")
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """What is to be told of the session, or why there is nothing to do."""
    answer = stored(event, SessionLoads(clients.dynamodb(), settings.workouts_table))
    metrics.add_metric("SessionsWeighed", MetricUnit.Count, 1 if answer["current"] else 0)
    logger.info("session weighed", current=answer["current"], reason=answer.get("reason"))
    return answer
