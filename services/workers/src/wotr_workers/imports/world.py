"""What is stored of one athlete, as far as a decision needs it, and what was decided upon it since.

Plain functions, no AWS.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from wotr_common import keys
from wotr_common.items import workout_from_item, workout_item
from wotr_workers.store import Delete, Item, Keep, Put, Write
from wotr_workers.workouts import DATE_ONLY, REFS

SAME_START = timedelta(seconds=60)  # within it, workouts of two sources are the same
_STEP = timedelta(milliseconds=1)


class World:
    """Items of one athlete by sort key."""

    def __init__(self, user_id: str, items: Iterable[Item] = ()) -> None:
        self.user_id = user_id
        self._items: dict[str, Item] = {}
        self._workouts: list[str] = []  # sort keys, in order of start
        for item in items:
            self._put(item)

    def at(self, sk: str) -> Item | None:
        """What is stored there."""
        return self._items.get(sk)

    def items(self) -> Iterable[Item]:
        """All of them."""
        return self._items.values()

    def workout(self, workout_id: object) -> Item | None:
        """The workout with that id."""
        return self.at(workout_sk(workout_id)) if workout_id else None

    def pointers(self) -> set[str]:
        """Sort keys that items name and that are not among them."""
        return {sk for item in self._items.values() for sk in _named(item)} - self._items.keys()

    def add(self, items: Iterable[Item]) -> None:
        """Know of more items."""
        for item in items:
            self._put(item)

    def apply(self, writes: Iterable[Write]) -> None:
        """What is stored once `writes` are done; layers that imports keep are no part of it."""
        for write in writes:
            match write:
                case Put(item, _) if item[keys.PK] == keys.user_pk(self.user_id):
                    self._put(item)
                case Delete(before) if before[keys.PK] == keys.user_pk(self.user_id):
                    self._drop(before[keys.SK])
                case Put() | Delete() | Keep():
                    pass

    def near(self, at: datetime) -> list[Item]:
        """Workouts that started within a minute of `at`, the closest first; none with a made-up start."""
        low, high = keys.workout_range(at - SAME_START, at + SAME_START + _STEP)
        found = []
        for place in range(bisect_left(self._workouts, low), len(self._workouts)):
            sk = self._workouts[place]
            if sk > high:
                break
            if not self._items[sk].get(DATE_ONLY):
                found.append(self._items[sk])
        return sorted(found, key=lambda item: abs(start_of(item) - at))

    def free_start(self, at: datetime, own: str = "") -> datetime:
        """The first start from `at` on, by milliseconds, that no workout has but the one at `own`."""
        while (sk := keys.workout_sk(at)) in self._items and sk != own:
            at += _STEP
        return at

    def _put(self, item: Item) -> None:
        sk = item[keys.SK]
        if keys.is_workout(sk) and sk not in self._items:
            insort(self._workouts, sk)
        self._items[sk] = item

    def _drop(self, sk: str) -> None:
        if self._items.pop(sk, None) is not None and keys.is_workout(sk):
            del self._workouts[bisect_left(self._workouts, sk)]


def start_of(item: Item) -> datetime:
    """When the workout of `item` started."""
    return datetime.fromisoformat(item["startedAt"])


def at_start(item: Item, at: datetime, shards: int) -> Item:
    """A workout's `item` as it is where it starts `at`."""
    if item[keys.SK] == keys.workout_sk(at):
        return item
    workout = workout_from_item(item)
    moved = workout.model_copy(update={"started_at": at, "workout_id": keys.workout_id(at)})
    return {**item, **workout_item(moved, shards)}


def workout_sk(workout_id: object) -> str:
    """Sort key of the workout with that id."""
    return keys.workout_sk(keys.started_at(str(workout_id)))


def _named(item: Item) -> Iterator[str]:
    if keys.is_workout(item[keys.SK]):
        yield from item.get(REFS, ())
        return
    if "workoutId" in item:
        yield workout_sk(item["workoutId"])
    if "sessionId" in item:
        yield keys.session_key(keys.user_of(item[keys.PK]), item["sessionId"])["sk"]
