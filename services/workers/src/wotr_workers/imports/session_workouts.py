"""The workout that consists of an imported session's sets. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from wotr_common import keys
from wotr_common.items import session_from_item, workout_item
from wotr_common.versions import first_version, next_version
from wotr_workers.imports.links import refs_of, retargeted
from wotr_workers.imports.world import World, start_of
from wotr_workers.sessions import workout_of
from wotr_workers.store import Delete, Item, Put, Write
from wotr_workers.workouts import (
    CHANGED_BY,
    CHANGED_ROW,
    CORRELATION_ID,
    DATE_ONLY,
    EDITED_AT,
    IMPORT_ROW,
    REFS,
    WORKOUT_SAYS,
)

_LATE = timedelta(seconds=1)  # more workouts of one start than milliseconds in it are nobody's
_OF_SESSION = (CORRELATION_ID, IMPORT_ROW, CHANGED_BY, CHANGED_ROW, DATE_ONLY, "createdAt")


def is_own(workout: Item, session: Item) -> bool:
    """Whether `workout` consists of the sets of `session`."""
    return bool(workout.get("sessionId") == session["sessionId"])


def own_workout(
    session: Item,
    at: datetime,
    shards: int,
    now: datetime,
    *,
    before: Item | None = None,
    refs: Sequence[str] = (),
) -> Item:
    """The item of the workout that `session` amounts to, stored as starting `at`, in place of `before`."""
    workout = workout_of(session_from_item(session), at, now).model_copy(update=session.get(WORKOUT_SAYS, {}))
    version = next_version(int(before["version"]), now) if before else first_version(now)
    return {
        **workout_item(workout, shards),
        **{name: session[name] for name in _OF_SESSION if name in session},
        "version": version,
        **({REFS: list(refs)} if refs else {}),
    }


def retold(
    world: World, workout: Item, old: Item, session: Item, *, shards: int, now: datetime
) -> tuple[Item, list[Write]]:
    """`session`, which was `old`, and its own `workout` after it, with the writes for the workout."""
    stays = {**session, "workoutId": workout["workoutId"]}
    if EDITED_AT in workout:
        return stays, []
    at = start_of(workout)
    if old["startedAt"] != session["startedAt"]:
        at = world.free_start(_wanted(session), own=workout[keys.SK])
    item = own_workout(session, at, shards, now, before=workout, refs=refs_of(workout))
    if _content(item) == _content(workout):
        return stays, []
    if item[keys.SK] == workout[keys.SK]:
        return stays, [Put(item, workout)]
    moves = {**session, "workoutId": item["workoutId"]}
    return moves, [Delete(workout), Put(item), *retargeted(world, refs_of(workout), item)]


def _wanted(session: Item) -> datetime:
    """Where the workout of `session` should start: as it did, if it did so to let others of the start be."""
    start, before = start_of(session), keys.started_at(session["workoutId"])
    return before if start <= before < start + _LATE else start


def _content(item: Item) -> Item:
    """What an item says, and who made it: who changed it last is no reason to write it."""
    beside = ("version", CHANGED_BY, CHANGED_ROW, CORRELATION_ID)
    return {name: value for name, value in item.items() if name not in beside}
