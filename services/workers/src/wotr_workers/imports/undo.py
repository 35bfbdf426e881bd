"""An import taken back: what it made goes, what it changed is as before, what others say too remains.

Every item is dealt with in one transaction, and only what still is the import's is looked for. So an undo
that is interrupted is simply begun again, and an interrupted import is taken back in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.observability import logger
from wotr_common.workout import time_text
from wotr_workers.imports.lease import Invocation, Turn, held
from wotr_workers.imports.links import target
from wotr_workers.imports.provenance import ITEM, layer_key, maker
from wotr_workers.imports.reading import world_at
from wotr_workers.imports.taking_back import TakingBack
from wotr_workers.imports.told import Records, tell
from wotr_workers.imports.world import World, start_of
from wotr_workers.imports.writing import WRITES_AT_ONCE, Contended
from wotr_workers.store import Changed, Imports, Item, Leases, Table
from wotr_workers.store.imports import UNDOING, UNDONE
from wotr_workers.topics import ImportsTopic
from wotr_workers.workouts import IMPORT_ID, SAID

T = TypeVar("T")

_TRIES = 10
_AT_ONCE = 100  # items between two looks at the clock
_OF_UPLOAD = ("checkpoint", "settings", "records", "reason", "questions")


@dataclass(frozen=True, slots=True)
class Undoer:
    """Takes imports back; `clock` gives versions and says when one ended."""

    table: Table
    imports: Imports
    leases: Leases
    topic: ImportsTopic
    records: Records
    limits: Callable[[], Limits]
    clock: Callable[[], datetime]

    def run(self, user_id: str, import_id: str, until: datetime) -> bool:
        """Take an import back and tell of it; False where nothing was left to do.

        Later where time (it ends at `until`) or the athlete's turn is over. All errors are worth another try.
        """
        turn = Invocation(self.clock, until)
        with held(self.leases, user_id, import_id, turn):
            state = self.imports.get(user_id, import_id)
            if state is None or state["state"] not in (UNDOING, UNDONE):
                logger.info("the import is not to be taken back (any more)")
                return False
            asked = bool(state["state"] == UNDOING)
            if asked:
                state = self._undo(state, user_id, import_id, turn)
            tell(self.imports, self.topic, state)
            return asked

    def _undo(self, state: Item, user_id: str, import_id: str, turn: Turn) -> Item:
        kept = keys.import_pk(user_id, import_id)
        changed = self.table.beginning(kept, keys.before_prefix())
        with ThreadPoolExecutor(WRITES_AT_ONCE) as pool:
            # Apps' ids last: most of them go with the workouts that they mean.
            for is_ours in (_is_training, keys.is_source):
                made = self.table.of_import(keys.user_pk(user_id), import_id)
                ours = (tuple(_beside(user_id, item)) for item in made if is_ours(item[keys.SK]))
                _spread(pool, turn, ours, partial(self._take_back, user_id, import_id))
            theirs = (keys.changed_sk(layer[keys.SK]) for layer in changed)
            _spread(pool, turn, theirs, partial(self._uncover, user_id, import_id))
        turn.check()
        self.records.rebuild(user_id, import_id)
        for prefix in (keys.before_prefix(), keys.set_aside_prefix()):
            rest = self.table.beginning(kept, prefix)
            while part := list(islice(rest, _AT_ONCE)):
                turn.check()
                self.table.delete_all({"pk": kept, "sk": item[keys.SK]} for item in part)
        undone = {name: value for name, value in state.items() if name not in _OF_UPLOAD}
        undone |= {
            "state": UNDONE,
            "message": "taken back",
            "told": False,
            "endedAt": time_text(self.clock()),
        }
        other = self.imports.replace(state, undone)
        return undone if other is None else other

    def _uncover(self, user_id: str, import_id: str, sk: str) -> None:
        """Take the import back where it changed the item which `sk` is, or which the app's id there means."""
        if keys.is_source(sk):
            world = world_at(self.table, user_id, [sk], [])
            workout = target(world, world.at(sk))
            if workout is None:
                return
            sk = workout[keys.SK]
        item = self.table.get(keys.user_pk(user_id), [sk]).get(sk)
        if item is not None:
            self._take_back(user_id, import_id, tuple(_beside(user_id, item)))

    def _take_back(self, user_id: str, import_id: str, sks: Sequence[str]) -> None:
        """Take the import back in the item at the first of `sks`; the others are what it may concern too."""
        sk = sks[0]
        for _ in range(_TRIES):
            world = world_at(self.table, user_id, sks, [])
            item = world.at(sk)
            if item is None:
                return
            layers = self._layers(user_id, item)
            if import_id not in map(maker, layers):
                return
            if not _is_all_there_is(world, layers, import_id):
                world = world_at(self.table, user_id, sks, _starts(world, layers))
            writes = TakingBack(world, import_id, self.limits().shards, self.clock()).writes(layers)
            if not writes:
                return
            try:
                self.table.write(writes)
            except Changed:
                continue
            return
        raise Contended(f"{sk} is changed by others all the time")

    def _layers(self, user_id: str, item: Item) -> list[Item]:
        """`item` and what lies below it, down to the import that made it."""
        layers = [item]
        seen: set[str] = set()
        while (by := layers[-1].get("changedBy")) and by not in seen:
            seen.add(by)
            key = layer_key(user_id, by, item)
            kept = self.table.get(key["pk"], [key["sk"]]).get(key["sk"])
            if kept is None:
                break
            layers.append(kept[ITEM])
        return layers


def _spread(pool: Executor, turn: Turn, items: Iterator[T], do: Callable[[T], None]) -> None:
    """Do all of `items`, some at once, as long as there is time."""
    while part := list(islice(items, _AT_ONCE)):
        turn.check()
        for _ in pool.map(do, part):
            pass


def _is_training(sk: str) -> bool:
    """Whether `sk` is that of a workout or a session."""
    return keys.is_workout(sk) or keys.is_session(sk)


def _is_all_there_is(world: World, layers: Sequence[Item], import_id: str) -> bool:
    """Whether nobody else has a part in the item, so that nothing remains whose start would matter."""
    return len(layers) == 1 and all(item.get(IMPORT_ID) == import_id for item in world.items())


def _beside(user_id: str, item: Item) -> Iterable[str]:
    """Sort keys of `item`, of its session, and of what would link its session."""
    yield item[keys.SK]
    if "sessionId" in item and not keys.is_source(item[keys.SK]):
        yield keys.session_key(user_id, item["sessionId"])["sk"]
        yield keys.source_key(user_id, item["source"], item["sessionId"])["sk"]


def _starts(world: World, layers: Sequence[Item]) -> Iterable[datetime]:
    """The starts that the item may have once it is taken back, and those of what may take its place."""
    found = [*layers, *(item[SAID] for item in world.items() if SAID in item)]
    return [start_of(item) for item in found if "startedAt" in item]
