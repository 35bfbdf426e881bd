"""The athlete's training load."""

from __future__ import annotations

from datetime import UTC, datetime

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, load_report, parameters
from wotr_api.profile import ProfileView
from wotr_api.reading.sources import items, workouts
from wotr_common import keys
from wotr_common.observability import annotate_span

router = door.router()


@router.get("/me/load")
def get_my_load() -> Response[str]:
    """Load by day, on the athlete's own clock."""
    event = router.current_event.raw_event
    athlete = callers.athlete(event)
    annotate_span(user_id=athlete)
    asked = parameters.parse(parameters.LoadDays, event)
    profile = ProfileView.model_validate(items().get(keys.profile_key(athlete)) or {})
    days = load_report.stretch(asked.start, asked.end, profile.timezone, datetime.now(UTC))
    efforts = workouts().efforts(athlete, *days.instants())
    found = load_report.report(efforts, days, profile, asked.metric)
    return door.answer(200, found.model_dump(mode="json", by_alias=True))
