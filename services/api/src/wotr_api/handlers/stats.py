"""GET /stats/{userId} and GET /me/stats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door
from wotr_api.clients import AWS_FAILURES, table
from wotr_api.stats import stats
from wotr_api.views import Views
from wotr_common.observability import annotate_span, logger, metrics
from wotr_common.settings import Settings


class StatsSettings(Settings):
    """What `stats` is told by its environment."""

    views_table: str


settings = StatsSettings.load()
app = door.resolver(dependencies=AWS_FAILURES)


@app.get("/stats/<user_id>")
def get_stats(user_id: str) -> Response[str]:
    """Anybody's totals, for machines."""
    callers.machine(app.current_event.raw_event)
    return _stats(callers.named(user_id))


@app.get("/me/stats")
def get_my_stats() -> Response[str]:
    """The athlete's own totals."""
    return _stats(callers.athlete(app.current_event.raw_event))


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)


def _stats(user_id: str) -> Response[str]:
    annotate_span(user_id=user_id)
    found = stats(user_id, Views(table(settings.views_table)).totals(user_id))
    return door.answer(200, found.model_dump(mode="json", by_alias=True))
