"""What points to a workout (ids of apps, sessions linked to it) follows it, or goes with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from wotr_common import keys
from wotr_common.versions import next_version
from wotr_workers.commands.decision import Desk
from wotr_workers.store import Delete, Item, Put, Write
from wotr_workers.workouts import CORRELATION_ID, REFS

WORKOUT_ID = "workoutId"
_A_DAY = timedelta(days=1)


def gone(desk: Desk, workout: Item, correlation_id: str, now: datetime, own: str = "") -> list[Write]:
    """The deletion of a workout's item with the ids that mean it; sessions linked to it lose the link.

    `own` is the sort key of the session that the workout consists of, where that goes as well.
    """
    writes: list[Write] = [Delete(workout)]
    for item in _pointing(desk, workout):
        if not keys.is_session(item[keys.SK]):
            writes.append(Delete(item))
        elif item[keys.SK] != own:
            unlinked = {name: value for name, value in item.items() if name != WORKOUT_ID}
            writes.append(Put(_next(unlinked, correlation_id, now), item))
    return writes


def session_on(desk: Desk, workout: Item) -> str | None:
    """The id of a session that is linked to the workout."""
    sessions = (item for item in _pointing(desk, workout) if keys.is_session(item[keys.SK]))
    return next((str(item["sessionId"]) for item in sessions), None)


def moved(desk: Desk, before: Item, after: Item, correlation_id: str, now: datetime) -> list[Write]:
    """The way of a workout's item to another key, with all that points to it."""
    writes: list[Write] = [Delete(before), Put(after)]
    for item in _pointing(desk, before):
        pointed = {**item, WORKOUT_ID: after[WORKOUT_ID]}
        session = keys.is_session(item[keys.SK])
        writes.append(Put(_next(pointed, correlation_id, now) if session else pointed, item))
    return writes


def unlinked(desk: Desk, session: Item) -> list[Write]:
    """What goes where a session goes whose workout is another source's: the ref between the two."""
    user_id = keys.user_of(session[keys.PK])
    ref = desk.stored(keys.source_key(user_id, session["source"], session["sessionId"]))
    if ref is None:
        return []
    writes: list[Write] = [Delete(ref)]
    workout = desk.stored(keys.workout_key(user_id, keys.started_at(ref[WORKOUT_ID])))
    if workout is not None and ref[keys.SK] in workout.get(REFS, ()):
        refs = [sk for sk in workout[REFS] if sk != ref[keys.SK]]
        writes.append(Put({**workout, REFS: refs}, workout))
    return writes


def _pointing(desk: Desk, workout: Item) -> list[Item]:
    """Items that name the workout: its refs, and sessions of that day on whatever clock."""
    refs = desk.table.get(workout[keys.PK], workout.get(REFS, ())).values()
    date = datetime.fromisoformat(workout["startedAt"]).date()
    sessions = desk.table.between(workout[keys.PK], *keys.session_range(date - _A_DAY, date + _A_DAY))
    return [item for item in (*refs, *sessions) if item.get(WORKOUT_ID) == workout[WORKOUT_ID]]


def _next(session: Item, correlation_id: str, now: datetime) -> Item:
    version = next_version(int(session["version"]), now)
    return {**session, "version": version, CORRELATION_ID: correlation_id}
