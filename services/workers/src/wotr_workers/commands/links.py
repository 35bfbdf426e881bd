"""What points to a workout (ids of apps, sessions linked to it) follows it, or goes with it."""

from __future__ import annotations

from datetime import datetime

from wotr_common import keys
from wotr_common.versions import next_version
from wotr_workers.commands.decision import Desk
from wotr_workers.store import Delete, Item, Put, Write
from wotr_workers.workouts import CORRELATION_ID, REFS, TARGET


def gone(desk: Desk, workout: Item, correlation_id: str, now: datetime, but: str = "") -> list[Write]:
    """The deletion of a workout's item with the ids that mean it; sessions linked to it lose the link.

    The item at sort key `but` is somebody else's business.
    """
    writes: list[Write] = [Delete(workout)]
    for item in _pointing(desk, workout):
        if item[keys.SK] == but:
            continue
        if not keys.is_session(item[keys.SK]):
            writes.append(Delete(item))
        elif item.get("workoutId") == workout["workoutId"]:
            unlinked = {name: value for name, value in item.items() if name != "workoutId"}
            writes.append(Put(_next(unlinked, correlation_id, now), item))
    return writes


def moved(desk: Desk, before: Item, after: Item, correlation_id: str, now: datetime) -> list[Write]:
    """The way of a workout's item to another key, with all that points to it."""
    writes: list[Write] = [Delete(before), Put(after)]
    for item in _pointing(desk, before):
        if not keys.is_session(item[keys.SK]):
            writes.append(Put({**item, TARGET: after[keys.SK]}, item))
        elif item.get("workoutId") == before["workoutId"]:
            linked = {**item, "workoutId": after["workoutId"]}
            writes.append(Put(_next(linked, correlation_id, now), item))
    return writes


def _pointing(desk: Desk, workout: Item) -> list[Item]:
    refs = workout.get(REFS) or ()
    return [*desk.table.get(workout[keys.PK], refs).values()] if refs else []


def _next(session: Item, correlation_id: str, now: datetime) -> Item:
    version = next_version(int(session["version"]), now)
    return {**session, "version": version, CORRELATION_ID: correlation_id}
