"""Function `change`: changes, which workers makes, and uploads; the routes are in `wotr_api.changing`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wotr_api import door
from wotr_api.changing import imports, photos, profile, sessions, workouts
from wotr_api.clients import AWS_FAILURES
from wotr_common.observability import logger, metrics

app = door.resolver(dependencies=AWS_FAILURES)
for subject in (workouts, sessions, imports, photos, profile):
    app.include_router(subject.router)


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)
