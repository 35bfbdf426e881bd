"""What is to be written so that an item is as if one import had never been. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wotr_common import keys
from wotr_common.versions import next_version
from wotr_workers.imports.heirs import Estate
from wotr_workers.imports.layers import relayered
from wotr_workers.imports.links import linked_session, moved, refs_of, target, without_ref
from wotr_workers.imports.provenance import maker, without
from wotr_workers.imports.session_workouts import is_own, retold
from wotr_workers.imports.world import World, at_start, start_of
from wotr_workers.store import Delete, Item, Put, Write
from wotr_workers.workouts import EDITED_AT, IMPORT_ID, IMPORT_ROW, OWN_REF, REFS, SAID


@dataclass(frozen=True, slots=True)
class TakingBack:
    """Takes `import_id` back in `world`, which knows all that the item at hand points to."""

    world: World
    import_id: str
    shards: int
    now: datetime

    def writes(self, layers: Sequence[Item]) -> list[Write]:
        """The writes for the item with these `layers`, the top first; none where another item's do it."""
        item = layers[0]
        if keys.is_session(item[keys.SK]):
            return self._session(layers)
        if keys.is_workout(item[keys.SK]):
            return [] if self._has_session(item) else self._workout(layers)
        return self._ref(item)

    def _has_session(self, workout: Item) -> bool:
        if "sessionId" not in workout:
            return False
        return self.world.at(keys.session_key(self.world.user_id, workout["sessionId"])["sk"]) is not None

    def _workout(self, layers: Sequence[Item]) -> list[Write]:
        workout = layers[0]
        kept = without(layers, self.import_id)
        below = relayered(self.world.user_id, layers, kept)
        if not kept:
            return [*self._removed(workout), *below]
        top = _top(layers, kept, self.now)
        at = self.world.free_start(start_of(top), own=workout[keys.SK])
        item = at_start(top, at, self.shards)
        if item == workout:
            return below
        writes = {write.key["sk"]: write for write in moved(self.world, workout, item)}
        own = self.world.at(item.get(OWN_REF, ""))
        if own is not None:
            writes[own[keys.SK]] = Put(_owned(own, item) | {"workoutId": item["workoutId"]}, own)
        return [*writes.values(), *below]

    def _session(self, layers: Sequence[Item]) -> list[Write]:
        session = layers[0]
        kept = without(layers, self.import_id)
        below = relayered(self.world.user_id, layers, kept)
        workout = self.world.workout(session.get("workoutId"))
        if not kept:
            return [Delete(session), *self._without_workout(session, workout), *below]
        item = _top(layers, kept, self.now)
        writes: list[Write] = []
        if item["state"] != "completed" and workout is not None:
            item = {name: value for name, value in item.items() if name != "workoutId"}
            writes = self._without_workout(session, workout)
        elif workout is not None:
            item, writes = self._with_workout(item, session, workout)
        return [*([Put(item, session)] if item != session else []), *writes, *below]

    def _with_workout(self, item: Item, session: Item, workout: Item) -> tuple[Item, list[Write]]:
        if is_own(workout, session):
            item = {"workoutId": workout["workoutId"], **item}
            return retold(self.world, workout, session, item, shards=self.shards, now=self.now)
        item = {**item, "workoutId": workout["workoutId"]}
        ref = self._link(session)
        if ref is None or ref.get(IMPORT_ID) != self.import_id:
            return item, []
        return item, [Put(_owned(ref, item), ref)]

    def _without_workout(self, session: Item, workout: Item | None) -> list[Write]:
        if workout is not None and is_own(workout, session):
            return self._removed(workout)
        ref = self._link(session)
        if ref is None:
            return []
        unlinked = [Put(without_ref(workout, ref[keys.SK]), workout)] if workout is not None else []
        return [Delete(ref), *unlinked]

    def _removed(self, workout: Item) -> list[Write]:
        return Estate(self.world, workout, self.import_id, self.shards, self.now).settled()

    def _link(self, session: Item) -> Item | None:
        """What says that the workout of `session` is another source's."""
        key = keys.source_key(self.world.user_id, session["source"], session["sessionId"])
        return self.world.at(key["sk"])

    def _ref(self, ref: Item) -> list[Write]:
        """An app's id: deleted with what it links, where nothing else does so."""
        workout = target(self.world, ref)
        if SAID not in ref and (linked_session(self.world, ref) or (workout and _owns(workout, ref))):
            return []
        unlinked = workout is not None and ref[keys.SK] in refs_of(workout)
        return [
            Delete(ref),
            *([Put(without_ref(workout, ref[keys.SK]), workout)] if workout and unlinked else []),
        ]


def _top(layers: Sequence[Item], kept: Sequence[Item], now: datetime) -> Item:
    """What is the top layer now, with what was noted beside it since; a restored one has a new version."""
    current, top = layers[0], kept[0]
    beside = {REFS: current[REFS]} if REFS in current else {}
    rest = {name: value for name, value in top.items() if name != REFS}
    if maker(current) == maker(top) or EDITED_AT in current:
        return {**rest, **beside, "version": current["version"]}
    return {**rest, **beside, "version": next_version(int(current["version"]), now)}


def _owned(ref: Item, item: Item) -> Item:
    """`ref` as made by who made `item`."""
    return {**ref, **{name: item[name] for name in (IMPORT_ID, IMPORT_ROW) if name in item}}


def _owns(workout: Item, ref: Item) -> bool:
    return bool(workout.get(OWN_REF) == ref[keys.SK])
