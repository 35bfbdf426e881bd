"""Function `collect`: any HTTP request in, its record in the table; and the runs of the daily schedule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import PositiveInt

from wotr_analytics import clients
from wotr_analytics.collector import answers, runs
from wotr_analytics.collector.request import from_http
from wotr_analytics.collector.store import NotRecorded, Requests
from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import MetricUnit, logger, metrics
from wotr_common.settings import Settings


class CollectSettings(Settings):
    """Environment of the function."""

    requests_table: str
    request_retention_days: PositiveInt
    request_dead_letter_queue_url: str


settings = CollectSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Record what came: an answer for a caller, or the messages of a schedule that are to come again."""
    if "Records" in event:
        again = runs.record(
            event["Records"],
            requests(),
            DeadLetters(clients.sqs(), settings.request_dead_letter_queue_url),
        )
        metrics.add_metric("ScheduledRuns", MetricUnit.Count, len(event["Records"]) - len(again))
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}
    return collect(event)


def collect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Record an HTTP request and answer it."""
    request = from_http(event)
    logger.set_correlation_id(request.request_id)
    try:
        requests().record(request)
    except NotRecorded:
        logger.exception("request not recorded")
        metrics.add_metric("RequestsNotRecorded", MetricUnit.Count, 1)
        return answers.not_recorded(request)
    metrics.add_metric("RequestsRecorded", MetricUnit.Count, 1)
    logger.info(
        "request recorded", method=request.method, body_bytes=request.body_bytes, omitted=request.omitted
    )
    return answers.recorded(request)


@cache
def requests() -> Requests:
    """The table, with a client that is made for the first request."""
    return Requests(
        clients.dynamodb(), settings.requests_table, timedelta(days=settings.request_retention_days)
    )
