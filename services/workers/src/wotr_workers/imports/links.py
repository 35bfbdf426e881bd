"""The same workout from two sources: one is stored, the other's id means it too. Plain functions, no AWS.

An item of an app's id (`SOURCE#app#id`) names the workout that it means. Where that is another source's, it
keeps in `said` what its own row would have stored, so that this can take the other's place should the other's
import be taken back.
"""

from __future__ import annotations

from datetime import datetime

from wotr_common import keys
from wotr_workers.imports.world import World, workout_sk
from wotr_workers.store import Delete, Item, Put, Write
from wotr_workers.workouts import REFS


def twin(world: World, source: str, at: datetime) -> Item | None:
    """The workout of another source that is the same as one of `source` which started `at`.

    One that `source` has another id for already is another workout.
    """
    return next((found for found in world.near(at) if source not in _sources(world, found)), None)


def refs_of(workout: Item) -> list[str]:
    """Sort keys of the items that mean `workout`."""
    return list(workout.get(REFS, ()))


def with_ref(workout: Item, ref_sk: str) -> Item:
    """`workout` with one more item that means it."""
    return {**workout, REFS: [*(sk for sk in refs_of(workout) if sk != ref_sk), ref_sk]}


def without_ref(workout: Item, ref_sk: str) -> Item:
    """`workout` with one item less that means it."""
    refs = [sk for sk in refs_of(workout) if sk != ref_sk]
    rest = {name: value for name, value in workout.items() if name != REFS}
    return {**rest, REFS: refs} if refs else rest


def retargeted(world: World, refs: list[str], workout: Item) -> list[Put]:
    """The items at `refs`, and the sessions behind them, as meaning `workout`."""
    writes = []
    for ref_sk in refs:
        ref = world.at(ref_sk)
        if ref is None:
            continue
        writes.append(Put({**ref, "workoutId": workout["workoutId"]}, ref))
        session = linked_session(world, ref)
        if session is not None and session.get("workoutId") != workout["workoutId"]:
            writes.append(Put({**session, "workoutId": workout["workoutId"]}, session))
    return writes


def moved(world: World, stored: Item, item: Item) -> list[Write]:
    """`item` in place of `stored`, and with it all that means it, where the start is another."""
    if item[keys.SK] == stored[keys.SK]:
        return [Put(item, stored)]
    refs = retargeted(world, refs_of(stored), item)
    return [Delete(stored), Put(item), *refs]


def linked_session(world: World, ref: Item) -> Item | None:
    """The session whose workout `ref` says is another source's."""
    if "sessionId" not in ref:
        return None
    return world.at(keys.session_key(world.user_id, ref["sessionId"])["sk"])


def target(world: World, ref: Item | None) -> Item | None:
    """The workout that `ref` means, if it is still there."""
    return world.at(workout_sk(ref["workoutId"])) if ref else None


def _sources(world: World, workout: Item) -> set[str]:
    refs = (world.at(sk) for sk in refs_of(workout))
    return {workout["source"], *(ref["source"] for ref in refs if ref)}
