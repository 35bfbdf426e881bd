"""Trigger PreSignUp: who signs up has an address that the stage lets in, or is told why not."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_auth.addresses import Refused, Rules, check
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings

BY_AN_OPERATOR = "PreSignUp_AdminCreateUser"


class PreSignUpSettings(Settings):
    """Environment of the function."""

    allowed_email_domains: str
    refused_email_domains: str
    plus_addresses: bool


settings = PreSignUpSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)
rules = Rules.of(
    settings.allowed_email_domains, settings.refused_email_domains, plus_addresses=settings.plus_addresses
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """The event as it came; Refused, whose sentence the athlete reads. Whom an operator invites is let in."""
    if event["triggerSource"] == BY_AN_OPERATOR:
        return event
    try:
        check(event["request"]["userAttributes"].get("email", ""), rules)
    except Refused:
        metrics.add_metric("SignUpsRefused", MetricUnit.Count, 1)
        logger.info("sign-up refused", user_id=event.get("userName"))
        raise
    return event
