"""Trigger PostConfirmation: a confirmed athlete gets a profile.

Cognito has confirmed the athlete already and waits five seconds. A failure here would show them an error and
leave them confirmed all the same, so operators are told instead; a profile also comes with its first change.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from wotr_auth import clients
from wotr_auth.queue import EnrolmentQueue
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings


class PostConfirmationSettings(Settings):
    """Environment of the function."""

    enrolment_queue_url: str


settings = PostConfirmationSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The event as it came, whatever became of the request."""
    user_id = event["request"]["userAttributes"]["sub"]
    logger.set_correlation_id(context.aws_request_id)
    asked = EnrolmentQueue(clients.sqs(), settings.enrolment_queue_url).ask(user_id, context.aws_request_id)
    metrics.add_metric("EnrolmentsAsked" if asked else "EnrolmentsNotAsked", MetricUnit.Count, 1)
    logger.info("athlete confirmed", user_id=user_id, source=event["triggerSource"], asked=asked)
    return event
