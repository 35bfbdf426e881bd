"""What the athlete says of themselves."""

from __future__ import annotations

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, headers, profile
from wotr_api.reading.sources import items
from wotr_common import keys
from wotr_common.observability import annotate_span

router = door.router()


@router.get("/me/profile")
def get_my_profile() -> Response[str]:
    """The profile, empty where nothing was said yet."""
    athlete = callers.athlete(router.current_event.raw_event)
    annotate_span(user_id=athlete)
    said = profile.view(items().get(keys.profile_key(athlete)))
    return door.answer(200, said, headers.etag(said.get("version")))
