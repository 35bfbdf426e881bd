"""What takes the place of a workout that is taken back: another source's, if one is linked to it.

Plain functions, no AWS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wotr_common import keys
from wotr_common.versions import first_version, next_version
from wotr_workers.imports.links import linked_session, refs_of, retargeted
from wotr_workers.imports.session_workouts import own_workout
from wotr_workers.imports.world import World, at_start, start_of
from wotr_workers.store import Delete, Item, Put, Write
from wotr_workers.workouts import IMPORT_ID, OWN_REF, REFS, SAID


@dataclass(frozen=True, slots=True)
class Estate:
    """A `workout` that goes with `import_id`, in a world that knows all that means it."""

    world: World
    workout: Item
    import_id: str
    shards: int
    now: datetime

    def settled(self) -> list[Write]:
        """The writes that take the workout back; what other imports say of it remains."""
        refs = [ref for sk in refs_of(self.workout) if (ref := self.world.at(sk))]
        heirs = [ref for ref in refs if self._stands(ref)]
        gone = [Delete(ref) for ref in refs if ref not in heirs]
        if not heirs:
            return [Delete(self.workout), *gone]
        heir, *others = heirs
        item, inherited = self._inherited(heir, [ref[keys.SK] for ref in others])
        if item[keys.SK] == self.workout[keys.SK]:
            place: list[Write] = [Put(item, self.workout)]
        else:
            place = [Delete(self.workout), Put(item)]
        return [*place, *gone, *inherited, *retargeted(self.world, [ref[keys.SK] for ref in others], item)]

    def _stands(self, ref: Item) -> bool:
        """Whether `ref` is another import's link, and there is something to say for it."""
        if ref[keys.SK] == self.workout.get(OWN_REF) or ref.get(IMPORT_ID) == self.import_id:
            return False
        return SAID in ref or linked_session(self.world, ref) is not None

    def _inherited(self, heir: Item, others: list[str]) -> tuple[Item, list[Write]]:
        """The workout that `heir` links in its place, meant by `others` too; and the writes for the link."""
        said = heir.get(SAID) or linked_session(self.world, heir) or {}
        at = self.world.free_start(start_of(said), own=self.workout[keys.SK])
        if keys.is_session(said[keys.SK]):
            return self._of_session(said, heir, at, others)
        item = at_start(said, at, self.shards)
        item |= {"version": next_version(int(self.workout["version"]), self.now)}
        if "sourceId" not in said and at == start_of(said):
            # Its start says which one it is, as it does of those that were never linked.
            return {**item, **({REFS: others} if others else {})}, [Delete(heir)]
        own = {name: value for name, value in heir.items() if name != SAID}
        refs = [heir[keys.SK], *others]
        return {**item, OWN_REF: heir[keys.SK], REFS: refs}, [
            Put({**own, "workoutId": item["workoutId"]}, heir)
        ]

    def _of_session(
        self, said: Item, heir: Item, at: datetime, others: list[str]
    ) -> tuple[Item, list[Write]]:
        item = own_workout(said, at, self.shards, self.now, before=self.workout, refs=others)
        session = {**said, "workoutId": item["workoutId"]}
        if SAID in heir:
            return item, [Put({**session, "version": first_version(self.now)}), Delete(heir)]
        return item, [Put(session, said), Delete(heir)]
