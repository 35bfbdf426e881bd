"""Records as items of the table, and the notes of which were told. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from wotr_common import keys
from wotr_workers.records.candidates import SESSION_KINDS
from wotr_workers.records.staircase import Staircase, Step, Subject

Item = dict[str, Any]
VERSION = "version"


def record_item(user_id: str, staircase: Staircase) -> Item:
    """The item of a staircase: the current best, and all steps to it."""
    kind, name = staircase.subject
    item: Item = {
        **keys.record_key(user_id, kind, name),
        "kind": kind,
        "subject": name,
        "label": staircase.label,
        "unit": staircase.unit,
        "lessIsBetter": staircase.less_is_better,
        "history": [_said(step) for step in staircase.steps],
        VERSION: staircase.version,
    }
    if staircase.best is None:
        return item
    best = _said(staircase.best)
    best.pop("importId", None)  # the item is no import's: taking one back would take the item for its own
    return item | best


def staircase_of(item: Mapping[str, Any]) -> Staircase:
    """The staircase in an item."""
    kind = item["kind"]
    return Staircase(
        Subject(kind, item["subject"]),
        item["label"],
        item["unit"],
        item["lessIsBetter"],
        tuple(_step(kind, said) for said in item["history"]),
        int(item[VERSION]),
    )


def _said(step: Step) -> Item:
    said = {
        "startedAt": step.started_at,
        "value": Decimal(step.value),
        "workoutId": step.workout_id,
        "sessionId": step.session_id,
        "importId": step.import_id,
    }
    return {name: value for name, value in said.items() if value is not None}


def _step(kind: str, said: Mapping[str, Any]) -> Step:
    return Step(
        said["startedAt"],
        said["sessionId" if kind in SESSION_KINDS else "workoutId"],
        said["value"],
        said.get("workoutId"),
        said.get("sessionId"),
        said.get("importId"),
    )
