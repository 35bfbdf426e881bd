"""What is to be written for neighbouring rows of a session of an import. Plain functions, no AWS.

A set is known by its position in its session: identical sets are real ones, and all of them are kept. What an
earlier upload had and this one has not, stays: exports are cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wotr_common import keys
from wotr_common.items import session_from_item
from wotr_common.session import MOST_SETS, head_hash
from wotr_common.versions import first_version
from wotr_workers.imports.candidates import SessionRows
from wotr_workers.imports.links import target, twin, with_ref
from wotr_workers.imports.plan import Fate, Outcome, Plans, Unit
from wotr_workers.imports.provenance import changed
from wotr_workers.imports.session_workouts import is_own, own_workout, retold
from wotr_workers.store import Item, Put, Write
from wotr_workers.texts.rows import SetAside
from wotr_workers.workouts import DATE_ONLY, EDITED_AT, IMPORT_ID, IMPORT_ROW, LAST_UPLOAD, SAID, SOURCE_HASH

COMPLETED = "completed"
# What a set says beside what the athlete said of it: `set_said` leaves out the same.
_NOT_SAID = ("warnings", "weightUnit", "restS")


def plan_session(rows: SessionRows, plans: Plans) -> Unit:
    """The writes for the rows, and what becomes of each."""
    world = plans.world
    stored = world.at(rows.sk)
    if stored is not None:
        return _compared(rows, stored, plans)
    ref = world.at(rows.ref_sk)
    if ref is not None and SAID in ref and target(world, ref) is not None:
        return _linked_again(rows, ref, plans)
    other = _twin(rows, plans)
    if other is not None and "sessionId" in other:
        link = _ref(rows, other, plans) | {SAID: _first(rows.item, plans)}
        writes = (Put(link, ref), Put(with_ref(other, rows.ref_sk), other))
        return plans.unit(rows.lines, [Fate.LINKED] * rows.count, *writes)
    return _created(rows, other, plans)


def _twin(rows: SessionRows, plans: Plans) -> Item | None:
    if DATE_ONLY in rows.item or rows.session.state != COMPLETED:
        return None
    return twin(plans.world, rows.session.source, rows.session.started_at)


def _first(item: Item, plans: Plans) -> Item:
    """The item of a session that is stored for the first time."""
    upload = {"upload": plans.scope.upload, "setsBefore": 0, "changed": [], "head": False}
    return {
        **item,
        "sets": item["sets"][:MOST_SETS],
        "version": first_version(plans.now),
        LAST_UPLOAD: upload,
    }


def _created(rows: SessionRows, other: Item | None, plans: Plans) -> Unit:
    item, writes = _with_workout(_first(rows.item, plans), rows, other, plans)
    outcomes = [Fate.NEW if place < MOST_SETS else _too_many(line) for place, line in enumerate(rows.lines)]
    return plans.unit(rows.lines, outcomes or [Fate.NEW], Put(item), *writes)


def _with_workout(
    item: Item, rows: SessionRows, other: Item | None, plans: Plans
) -> tuple[Item, list[Write]]:
    """A session that has no workout yet, with its own or the `other` one, and the writes for that."""
    if item["state"] != COMPLETED:
        return item, []
    if other is not None:
        ref = {**_ref(rows, other, plans), "sessionId": item["sessionId"]}
        before = plans.world.at(rows.ref_sk)
        linked = {**item, "workoutId": other["workoutId"]}
        return linked, [Put(ref, before), Put(with_ref(other, rows.ref_sk), other)]
    at = plans.world.free_start(rows.session.started_at)
    workout = own_workout(item, at, plans.scope.limits.shards, plans.now)
    return {**item, "workoutId": workout["workoutId"]}, [Put(workout)]


@dataclass(slots=True)
class _Comparison:
    """The sets of a session while rows of an upload are compared with them."""

    sets: list[Mapping[str, Any]]
    before: int  # how many there were before this upload
    changed: set[int]  # positions of those of them that it changed
    head: bool  # whether it changed what is said of the session itself
    written: bool = False
    outcomes: list[Outcome] = field(default_factory=list)

    def take(self, position: int, said: Mapping[str, Any], line: int, *, frozen: bool) -> None:
        """Compare one set; a `frozen` session stays as it is."""
        if position >= MOST_SETS:
            self.outcomes.append(_too_many(line))
        elif position >= len(self.sets):
            self.outcomes.append(Fate.KNOWN if frozen else Fate.NEW)
            if not frozen:
                self.sets.append(said)
                self.written = True
        elif position >= self.before:
            self.outcomes.append(Fate.NEW)
        elif frozen or _said(self.sets[position]) == _said(said):
            self.outcomes.append(Fate.CHANGED if position in self.changed or self.head else Fate.KNOWN)
        else:
            self.sets[position] = said
            self.changed.add(position)
            self.written = True
            self.outcomes.append(Fate.CHANGED)

    def note(self, upload: str) -> dict[str, Any]:
        """What a later try of the same upload needs to know to count the same."""
        return {
            "upload": upload,
            "setsBefore": self.before,
            "changed": sorted(self.changed),
            "head": self.head,
        }


def _compared(rows: SessionRows, stored: Item, plans: Plans) -> Unit:
    frozen = EDITED_AT in stored
    found = _begun(stored, plans.scope.upload)
    retold_head = not frozen and rows.offset == 0 and _head_differs(rows, stored)
    found.head = found.head or retold_head
    for place, said in enumerate(rows.item["sets"]):
        found.take(rows.offset + place, said, rows.lines[place], frozen=frozen)
    outcomes = found.outcomes or [_whole(rows, stored, found)]
    if not (found.written or retold_head):
        return plans.unit(rows.lines, outcomes)
    head = _retold(rows, stored) if retold_head else stored
    content = {**head, "sets": found.sets, LAST_UPLOAD: found.note(plans.scope.upload)}
    item, layers = changed(stored, content, rows.row, plans.scope, plans.now)
    item, writes = _with_its_workout(item, stored, rows, plans)
    return plans.unit(rows.lines, outcomes, Put(item, stored), *layers, *writes)


def _whole(rows: SessionRows, stored: Item, found: _Comparison) -> Outcome:
    """What becomes of a session without sets."""
    if stored.get(IMPORT_ROW) == rows.row:
        return Fate.NEW
    return Fate.CHANGED if found.head else Fate.KNOWN


def _begun(stored: Item, upload: str) -> _Comparison:
    sets = list(stored["sets"])
    last = stored.get(LAST_UPLOAD) or {}
    if last.get("upload") != upload:
        return _Comparison(sets, len(sets), set(), head=False)
    return _Comparison(sets, int(last["setsBefore"]), set(map(int, last["changed"])), head=bool(last["head"]))


def _head_differs(rows: SessionRows, stored: Item) -> bool:
    said = stored.get(SOURCE_HASH) or head_hash(session_from_item(stored))
    ended = stored["state"] != COMPLETED == rows.session.state
    return ended or bool(said != rows.item[SOURCE_HASH])


def _retold(rows: SessionRows, stored: Item) -> Item:
    """What the rows say of the session itself. One that is completed is never opened again."""
    kept = {"state": COMPLETED} if stored["state"] == COMPLETED else {}
    names = {"workoutId": stored["workoutId"]} if "workoutId" in stored else {}
    return {**rows.item, **kept, **names}


def _with_its_workout(item: Item, stored: Item, rows: SessionRows, plans: Plans) -> tuple[Item, list[Write]]:
    if stored["state"] != COMPLETED:
        return _with_workout(item, rows, _twin_without_session(rows, plans), plans)
    workout = plans.world.workout(stored.get("workoutId"))
    if workout is None or not is_own(workout, stored):
        return item, []
    return retold(plans.world, workout, stored, item, shards=plans.scope.limits.shards, now=plans.now)


def _twin_without_session(rows: SessionRows, plans: Plans) -> Item | None:
    other = _twin(rows, plans)
    return None if other is None or "sessionId" in other else other


def _linked_again(rows: SessionRows, ref: Item, plans: Plans) -> Unit:
    """Rows of a session that another source's stands for; further sets are kept with the link."""
    outcomes = [Fate.LINKED] * rows.count
    said = ref[SAID]
    more = rows.item["sets"][max(len(said["sets"]) - rows.offset, 0) :]
    if ref.get(IMPORT_ID) != plans.scope.import_id or not more:
        return plans.unit(rows.lines, outcomes)
    extended = {**said, "sets": [*said["sets"], *more][:MOST_SETS]}
    return plans.unit(rows.lines, outcomes, Put({**ref, SAID: extended}, ref))


def _ref(rows: SessionRows, meant: Item, plans: Plans) -> Item:
    return {
        keys.PK: keys.user_pk(plans.scope.user_id),
        keys.SK: rows.ref_sk,
        IMPORT_ID: plans.scope.import_id,
        IMPORT_ROW: rows.row,
        "source": rows.session.source,
        "workoutId": meant["workoutId"],
    }


def _too_many(line: int) -> SetAside:
    return SetAside(line, "", f"a session has at most {MOST_SETS} sets")


def _said(training_set: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in training_set.items() if name not in _NOT_SAID}
