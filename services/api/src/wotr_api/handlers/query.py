"""Function `query`: every GET but totals and exports; the routes are in `wotr_api.reading`, by subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wotr_api import door
from wotr_api.clients import AWS_FAILURES
from wotr_api.reading import imports, load, profile, records, sessions, workouts
from wotr_api.reading.sources import settings
from wotr_common.limits import LimitsError
from wotr_common.observability import logger, metrics

metrics.set_default_dimensions(stage=settings.wotr_stage)
app = door.resolver(dependencies=(*AWS_FAILURES, LimitsError))
for subject in (workouts, sessions, records, load, imports, profile):
    app.include_router(subject.router)


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)
