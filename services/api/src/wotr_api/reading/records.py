"""The athlete's personal records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, history, parameters, records
from wotr_api.paging import Item
from wotr_api.reading.pages import page
from wotr_api.reading.sources import items, workouts
from wotr_common import keys
from wotr_common.observability import annotate_span
from wotr_common.workout import Workout

router = door.router()
_QUERIES = 3  # megabytes of records: as JSON they stay below the 6 MB that a function may answer


@router.get("/me/records")
def get_my_records() -> Response[str]:
    """Records by kind and subject, with their history."""
    event = router.current_event.raw_event
    athlete = callers.athlete(event)
    annotate_span(user_id=athlete)
    asked = parameters.parse(parameters.Records, event)

    def read(after: str | None, limit: int) -> tuple[list[Item], str | None]:
        return items().page(keys.user_pk(athlete), keys.record_prefix(asked.kind or ""), after, limit)

    found, token = page(athlete, "/me/records", asked, read, shape=records.view, queries=_QUERIES)
    lately = _longest_lately(athlete) if asked.next_token is None else {}
    return door.answer(200, {"records": [each for each in found if each is not None], **lately, **token})


def _longest_lately(athlete: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    found = records.longest_lately(_since(athlete, now - records.LOOKED_AT), now)
    if found is None:
        return {}
    return {"longest30Days": found.model_dump(mode="json", by_alias=True, exclude_none=True)}


def _since(athlete: str, start: datetime) -> list[Workout]:
    found: list[Workout] = []
    after: str | None = None
    while True:
        more, after = history.page(
            workouts(), athlete, start=start, end=None, workout_type=None, after=after, limit=100
        )
        found += more
        if after is None:
            return found
