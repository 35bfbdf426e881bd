"""Changes of workouts and sessions as the table's stream tells them. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wotr_common import keys
from wotr_workers.records.candidates import Image, candidates
from wotr_workers.records.staircase import Candidate
from wotr_workers.store import plain, streamed
from wotr_workers.workouts import CHANGED_BY, CHANGED_ROW, EDITED_AT, IMPORT_ID

UNDOING = "undoing"


@dataclass(frozen=True, slots=True)
class Change:
    """A user's item `sk` was `old` and is `new` (None: it is not there), having been `meanwhile`."""

    user_id: str
    sk: str
    old: Image | None
    new: Image | None
    meanwhile: tuple[Image, ...] = ()

    def up_to(self, stored: Image | None) -> Change:
        """The change until `stored`, which is what the item is by now."""
        between = (self.new,) if self.new else ()
        return replace(self, new=stored, meanwhile=(*self.meanwhile, *between))

    @property
    def owner(self) -> str:
        """The workout or session, as steps name it."""
        image = next(iter(filter(None, (self.new, self.old, *self.meanwhile))))
        return str(image["sessionId" if keys.is_session(self.sk) else "workoutId"])

    def before(self) -> list[Candidate]:
        """What it might have been a record of at first."""
        return candidates(self.old) if self.old else []

    @property
    def is_by_athlete(self) -> bool:
        """Whether an athlete logged or changed it, rather than moved it to another start or imported it."""
        new = self.new or {}
        if self.old is None:
            return EDITED_AT not in next(iter(self.meanwhile), new)
        return bool(new.get(EDITED_AT) != self.old.get(EDITED_AT))

    def ever(self) -> Iterator[Candidate]:
        """What it might have been a record of at any time until now."""
        for image in filter(None, (self.old, *self.meanwhile, self.new)):
            yield from candidates(image)

    def after(self) -> list[Candidate]:
        """What it may be a record of now."""
        return candidates(self.new) if self.new else []


@dataclass(frozen=True, slots=True)
class Lease:
    """An import or its undo that is at work on a user's history, and makes all records again at its end."""

    import_id: str
    undoing: bool

    def wrote(self, change: Change) -> bool:
        """Whether the holder made the change, rather than an athlete while it was at work.

        An import inserts and notes the row by which it changes an item. Only an undo deletes.
        """
        old, new = change.old or {}, change.new or {}
        if change.new is None:
            return self.undoing and self.import_id in {old.get(IMPORT_ID), old.get(CHANGED_BY)}
        if change.old is None:
            return bool(new.get(IMPORT_ID) == self.import_id)
        by_row = old.get(CHANGED_ROW) != new.get(CHANGED_ROW)
        return by_row and self.import_id in {
            image.get(name) for image in (old, new) for name in (IMPORT_ID, CHANGED_BY)
        }


def change_in(record: Mapping[str, Any]) -> Change:
    """The change that a stream record tells."""
    said = record["dynamodb"]
    old, new = (streamed(said[name]) if said.get(name) else None for name in ("OldImage", "NewImage"))
    key = plain(said["Keys"])
    return Change(keys.user_of(key[keys.PK]), key[keys.SK], old, new)


def collapsed(changes: Iterable[Change]) -> list[Change]:
    """One change for each item: from before the first of its `changes` to after the last."""
    found: dict[str, Change] = {}
    for change in changes:
        first = found.get(change.sk)
        found[change.sk] = _joined(first, change) if first else change
    return list(found.values())


def _joined(first: Change, later: Change) -> Change:
    between = (later.old,) if later.old else ()
    return replace(later, old=first.old, meanwhile=(*first.meanwhile, *between))
