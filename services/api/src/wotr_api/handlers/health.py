"""GET /health: the API answers. Open on purpose, and able to do nothing, so it reveals nothing either.

Which is why it also answers the preflights of browsers, which come without credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import door, edge
from wotr_common.observability import logger, metrics
from wotr_common.settings import Settings

settings = Settings.load()
app = door.resolver()


@app.get("/health")
def health() -> Response[str]:
    """Whether the API answers, and as which stage."""
    return door.answer(200, {"status": "ok", "stage": settings.wotr_stage})


@app.route("/me/<rest>", method="OPTIONS")
@app.route("/me/<rest>/<rest_2>", method="OPTIONS")
@app.route("/me/<rest>/<rest_2>/<rest_3>", method="OPTIONS")
def preflight(**_: str) -> Response[str]:
    """What a page of an allowed origin may do; which method a path has, the call itself finds out."""
    event = app.current_event.raw_event
    return Response(status_code=204, body="", headers=edge.preflight(event, "GET, POST, PATCH, DELETE"))


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)
