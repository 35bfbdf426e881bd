"""The records that are kept in the table, beside the history they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from wotr_common import keys
from wotr_common.versions import first_version, next_version
from wotr_workers.records.candidates import SESSION_KINDS, candidates
from wotr_workers.records.changes import UNDOING, Lease
from wotr_workers.records.items import record_item, staircase_of
from wotr_workers.records.staircase import Climb, Staircase, Subject
from wotr_workers.store import Changed, Delete, Item, Put, Table

TRIES = 8


class Contended(Exception):
    """Records changed under every try to write them; worth another try later."""


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """Records of all users; `clock` gives new ones their version. botocore's errors are worth another try."""

    table: Table
    clock: Callable[[], datetime]

    def some(self, user_id: str, subjects: Iterable[Subject]) -> dict[Subject, Staircase]:
        """Those of `subjects` that a user has."""
        wanted = (keys.record_key(user_id, *subject)["sk"] for subject in subjects)
        return _by_subject(self.table.get(keys.user_pk(user_id), wanted).values())

    def all(self, user_id: str) -> dict[Subject, Staircase]:
        """Every record of a user."""
        return _by_subject(self.table.beginning(keys.user_pk(user_id), keys.record_prefix()))

    def write(
        self, user_id: str, stored: Staircase | None, made: Staircase | None, *, always: bool = False
    ) -> bool:
        """Store `made` in place of `stored` where they differ; False where somebody else was faster.

        A record without steps is deleted. `always`: write it even so, for the version's sake.
        """
        try:
            if made is not None and (always or made.steps):
                if always or stored is None or not made.same_as(stored):
                    self._put(user_id, stored, made)
            elif stored is not None:
                self.table.write([Delete(record_item(user_id, stored))])
        except Changed:
            return False
        return True

    def _put(self, user_id: str, stored: Staircase | None, made: Staircase) -> None:
        now = self.clock()
        version = next_version(stored.version, now) if stored else first_version(now)
        before = record_item(user_id, stored) if stored else None
        self.table.write([Put(record_item(user_id, replace(made, version=version)), before)])

    def climbed(self, user_id: str, subjects: set[Subject] | None = None) -> dict[Subject, Staircase]:
        """What a user's whole history amounts to, or what it does for some `subjects`, in one pass."""
        climb = Climb()
        for image in self._history(user_id, subjects):
            for candidate in candidates(image):
                if subjects is None or candidate.subject in subjects:
                    climb.add(candidate)
        return climb.staircases()

    def _history(self, user_id: str, subjects: set[Subject] | None) -> Iterator[Item]:
        pk = keys.user_pk(user_id)
        if subjects is None or any(kind not in SESSION_KINDS for kind, _ in subjects):
            yield from self.table.between(pk, *keys.workout_range(None, None))
        if subjects is None or any(kind in SESSION_KINDS for kind, _ in subjects):
            yield from self.table.between(pk, *keys.session_range(None, None))

    def workouts(self, user_id: str, start: datetime, end: datetime) -> Iterator[Item]:
        """A user's workouts with `start` <= startedAt < `end`."""
        return self.table.between(keys.user_pk(user_id), *keys.workout_range(start, end))

    def stored(self, user_id: str, sks: Iterable[str]) -> dict[str, Item]:
        """A user's items at `sks`, by sort key."""
        return self.table.get(keys.user_pk(user_id), sks)

    def lease(self, user_id: str) -> Lease | None:
        """The import or undo that is at work on a user's history now."""
        lease = self._item(keys.lease_key(user_id))
        if lease is None or lease["until"] < self.clock().timestamp():
            return None
        import_id = lease["importId"]
        state = self._item(keys.import_key(user_id, import_id)) or {}
        return Lease(import_id, undoing=state.get("state") == UNDOING)

    def is_noted(self, key: keys.Key) -> bool:
        """Whether the note at `key` is there: that a record was told of."""
        return self._item(key) is not None

    def _item(self, key: keys.Key) -> Item | None:
        return self.table.get(key["pk"], [key["sk"]]).get(key["sk"])


def _by_subject(items: Iterable[Item]) -> dict[Subject, Staircase]:
    found = map(staircase_of, items)
    return {staircase.subject: staircase for staircase in found}
