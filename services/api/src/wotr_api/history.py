"""One user's workouts, newest first, page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from wotr_common import keys
from wotr_common.workout import Workout

MOST_QUERIES = 20
SIFTED = 500  # items looked at by one query that keeps only one type


class Histories(Protocol):
    """How a user's workouts are read: see `store.Workouts.history`."""

    def history(
        self,
        user_id: str,
        bounds: tuple[str, str],
        workout_type: str | None,
        after: str | None,
        read: int,
    ) -> tuple[list[Workout], str | None]:
        """One query, newest first, and the sort key where it stopped early."""


def page(
    histories: Histories,
    user_id: str,
    *,
    start: datetime | None,
    end: datetime | None,
    workout_type: str | None,
    after: str | None,
    limit: int,
) -> tuple[list[Workout], str | None]:
    """At most `limit` workouts and the sort key after which the next page begins (None: there is none).

    Of one type, a page may be short and still be followed by another: after 10,000 items it is answered.
    """
    bounds = keys.workout_range(start, end)
    read = limit + 1 if workout_type is None else max(SIFTED, limit + 1)
    found: list[Workout] = []
    for _ in range(MOST_QUERIES):
        more, after = histories.history(user_id, bounds, workout_type, after, read)
        found += more
        if len(found) > limit:
            return found[:limit], keys.workout_sk(found[limit - 1].started_at)
        if after is None:
            break
    return found, after
