"""Function `set_load`: the load of one set; the workflow calls it for each."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_common.observability import logger, metrics
from wotr_common.settings import Settings
from wotr_workers.workflow.inputs import OneSet, read, said
from wotr_workers.workflow.session_load import set_load

settings = Settings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True, correlation_id_path="correlationId")
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """The load of the set."""
    load = set_load(read(OneSet, event).set)
    logger.info("set weighed", position=load.position, counted=load.counted)
    return said(load)
