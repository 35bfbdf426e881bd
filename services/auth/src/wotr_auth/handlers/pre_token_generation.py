"""Trigger PreTokenGeneration: tokens say which groups an athlete is in, and nothing private."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_auth.claims import overrides
from wotr_common.observability import logger, metrics
from wotr_common.settings import Settings

settings = Settings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """The event with what is to change in the tokens."""
    found = overrides(event["request"])
    event["response"] = {"claimsAndScopeOverrideDetails": found}
    logger.info(
        "token issued",
        user_id=event.get("userName"),
        source=event["triggerSource"],
        groups=found["groupOverrideDetails"],
    )
    return event
