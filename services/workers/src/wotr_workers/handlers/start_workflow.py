"""Function `start_workflow`: sessions that ended or changed in, executions of the session workflow out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings
from wotr_workers import clients
from wotr_workers.workflow.executions import Executions
from wotr_workers.workflow.starting import start


class StartSettings(Settings):
    """Environment of the function."""

    session_workflow_arn: str
    session_event_dead_letter_queue_url: str


settings = StartSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Start what a batch asks for; the answer names the messages that are to come again."""
    batch = start(
        event["Records"],
        Executions(clients.stepfunctions(), settings.session_workflow_arn),
        DeadLetters(clients.sqs(), settings.session_event_dead_letter_queue_url),
    )
    metrics.add_metric("WorkflowsStarted", MetricUnit.Count, batch.started)
    metrics.add_metric("MessagesSetAside", MetricUnit.Count, batch.set_aside)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed_ids]}
