"""What is to be written for one workout of an import. Plain functions, no AWS."""

from __future__ import annotations

from typing import Any

from wotr_common import keys
from wotr_common.versions import first_version
from wotr_workers.imports.candidates import WorkoutRow
from wotr_workers.imports.links import moved, target, twin, with_ref
from wotr_workers.imports.plan import Fate, Outcome, Plans, Unit
from wotr_workers.imports.provenance import changed, last_row
from wotr_workers.imports.world import at_start
from wotr_workers.store import Item, Put
from wotr_workers.texts.rows import SetAside
from wotr_workers.workouts import (
    CHANGED_ROW,
    CONTENT_HASH,
    EDITED_AT,
    IMPORT_ID,
    IMPORT_ROW,
    OWN_REF,
    REFS,
    SAID,
    SOURCE_HASH,
)


def plan_workout(row: WorkoutRow, plans: Plans) -> Unit:
    """The writes for one row, and what becomes of it."""
    identity, content = row.ref_sk, str(row.item[SOURCE_HASH])
    said, line = plans.said.setdefault(identity, (content, row.line))
    if line != row.line:
        return plans.unit(row.lines, [Fate.KNOWN if said == content else _second(row, line)])
    ref = plans.world.at(row.ref_sk)
    meant = target(plans.world, ref)
    if meant is not None and ref is not None and SAID in ref:
        return plans.unit(row.lines, [Fate.LINKED])
    stored = meant or _same_start(row, plans)
    if stored is not None:
        return _compared(row, stored, plans)
    other = twin(plans.world, row.workout.source, row.workout.started_at)
    if other is not None:
        return _linked(row, ref, other, plans)
    return _created(row, ref, plans)


def _same_start(row: WorkoutRow, plans: Plans) -> Item | None:
    """The workout that is this one by its start alone: where its app has no ids, or none was kept of it."""
    stored = plans.world.at(row.item[keys.SK])
    if stored is None or "sessionId" in stored:
        return None
    names = ("source", "sourceId")
    return stored if all(stored.get(name) == row.item.get(name) for name in names) else None


def _second(row: WorkoutRow, line: object) -> SetAside:
    return SetAside(row.line, "", f"is the same workout as line {line}, which says something else of it")


def _compared(row: WorkoutRow, stored: Item, plans: Plans) -> Unit:
    outcome = _recognised(row, stored, plans)
    if outcome is not None:
        return plans.unit(row.lines, [outcome])
    scope = plans.scope
    at = plans.world.free_start(row.workout.started_at, own=stored[keys.SK])
    item, layers = changed(stored, at_start(row.item, at, scope.limits.shards), row.row, scope, plans.now)
    return plans.unit(row.lines, [Fate.CHANGED], *layers, *moved(plans.world, stored, item))


def _recognised(row: WorkoutRow, stored: Item, plans: Plans) -> Outcome | None:
    """What becomes of a row that leaves `stored` as it is; None where it changes it."""
    if stored.get(IMPORT_ROW) == row.row:
        return Fate.NEW
    if stored.get(CHANGED_ROW) == row.row:
        return Fate.CHANGED
    if EDITED_AT in stored or stored.get(SOURCE_HASH, stored.get(CONTENT_HASH)) == row.item[SOURCE_HASH]:
        return Fate.KNOWN
    line = plans.scope.line(last_row(stored))
    return None if line is None else _second(row, line)


def _linked(row: WorkoutRow, ref: Item | None, other: Item, plans: Plans) -> Unit:
    link = {**_ref(row, other, plans), SAID: row.item}
    return plans.unit(row.lines, [Fate.LINKED], Put(link, ref), Put(with_ref(other, row.ref_sk), other))


def _created(row: WorkoutRow, ref: Item | None, plans: Plans) -> Unit:
    at = plans.world.free_start(row.workout.started_at)
    item = at_start(row.item, at, plans.scope.limits.shards) | {"version": first_version(plans.now)}
    if row.workout.source_id is None and at == row.workout.started_at and ref is None:
        return plans.unit(row.lines, [Fate.NEW], Put(item))  # its start says which one it is
    item |= {OWN_REF: row.ref_sk, REFS: [row.ref_sk]}
    return plans.unit(row.lines, [Fate.NEW], Put(item), Put(_ref(row, item, plans), ref))


def _ref(row: WorkoutRow, meant: Item, plans: Plans) -> dict[str, Any]:
    return {
        keys.PK: keys.user_pk(plans.scope.user_id),
        keys.SK: row.ref_sk,
        IMPORT_ID: plans.scope.import_id,
        IMPORT_ROW: row.row,
        "source": row.workout.source,
        "workoutId": meant["workoutId"],
    }
