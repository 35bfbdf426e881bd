"""GET /me/export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, export, parameters
from wotr_api.clients import AWS_FAILURES, client, notes, table
from wotr_api.objects import ExportedFiles
from wotr_api.store import Workouts
from wotr_common.observability import annotate_span, logger, metrics
from wotr_common.settings import Settings

_SPARE_MS = 5_000  # for the last part and the answer


class ExportSettings(Settings):
    """What `export` is told by its environment."""

    workouts_table: str
    exports_bucket: str
    notes_key_alias: str


settings = ExportSettings.load()
metrics.set_default_dimensions(stage=settings.wotr_stage)
app = door.resolver(dependencies=AWS_FAILURES)


@app.get("/me/export")
def get_my_export() -> Response[str]:
    """Everything the athlete has: as the answer, or where it is too large for one, behind a link."""
    event = app.current_event.raw_event
    athlete = callers.athlete(event)
    form = parameters.parse(parameters.ExportFormat, event).format
    annotate_span(user_id=athlete)
    remaining_ms = app.lambda_context.get_remaining_time_in_millis
    found = export.in_time(_workouts().everything(athlete), remaining_ms, _SPARE_MS)
    begun = export.begin(export.chunks(found, form))
    name, content_type = export.file_name(form, datetime.now(UTC).date()), export.CONTENT_TYPES[form]
    if begun.rest is None:
        return door.download(name, content_type, begun.text)
    key = f"exports/{athlete}/{uuid4()}.{form}"
    _files().put(key, export.parts(begun), name=name, content_type=content_type)
    link = _files().link(key)
    return door.answer(303, link.model_dump(mode="json", by_alias=True), {"Location": link.url})


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)


@cache
def _workouts() -> Workouts:
    return Workouts(table(settings.workouts_table), notes(settings.notes_key_alias))


@cache
def _files() -> ExportedFiles:
    return ExportedFiles(client("s3"), settings.exports_bucket, lambda: datetime.now(UTC))
