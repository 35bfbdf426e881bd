"""Which import stands behind a stored item: who made it, who changed it, and what it was before.

An item that several imports changed is a pile of layers. The item itself is the top one; each import that
changed it keeps the layer below its own. So one import can be taken out of the middle, and what remains is
what there would be without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.versions import next_version
from wotr_workers.store import Item, Keep
from wotr_workers.workouts import (
    CHANGED_BY,
    CHANGED_ROW,
    COMMAND_IDS,
    CORRELATION_ID,
    EDITED_AT,
    IMPORT_ID,
    IMPORT_ROW,
    OWN_REF,
    REFS,
    SOURCE_HASH,
)

ITEM = "item"  # attribute of a kept layer: the item as it was
_CREATION = (IMPORT_ID, IMPORT_ROW, "createdAt", "source", "sourceId")
_BESIDE = (*_CREATION, CHANGED_BY, OWN_REF, REFS, COMMAND_IDS)
_CHANGE = (CHANGED_BY, CHANGED_ROW)


@dataclass(frozen=True, slots=True)
class Scope:
    """What all rows of one upload have in common; `at` is when it was uploaded, the same for every try."""

    user_id: str
    import_id: str
    upload: str  # import and version of the object: tells this upload from others of the same import
    source: str
    at: datetime
    limits: Limits

    def row(self, line: int) -> str:
        """The name of the row that began in `line`."""
        return f"{self.upload}:{line}"

    def line(self, row: object) -> str | None:
        """The line of `row` where it is one of this upload's."""
        upload, _, line = str(row).rpartition(":")
        return line if upload == self.upload else None


def maker(item: Item) -> str | None:
    """The import that said what `item` says; None where it was logged live."""
    made: str | None = item.get(CHANGED_BY) or item.get(IMPORT_ID)
    return made


def last_row(item: Item) -> str | None:
    """The row that said what `item` says."""
    row: str | None = item.get(CHANGED_ROW) or item.get(IMPORT_ROW)
    return row


def layer_key(user_id: str, import_id: str, item: Item) -> keys.Key:
    """Where `import_id` keeps what lies below its layer of `item`, also where the item's start changes."""
    return {
        "pk": keys.import_pk(user_id, import_id),
        "sk": keys.before_sk(str(item.get(OWN_REF) or item[keys.SK])),
    }


def changed(stored: Item, new: Item, row: str, scope: Scope, now: datetime) -> tuple[Item, list[Keep]]:
    """The item with the content of `new` in place of `stored`, and the layer below it, if it is a new one."""
    beside = {name: stored[name] for name in _BESIDE if name in stored}
    content = {name: value for name, value in new.items() if name not in (*_BESIDE, CHANGED_ROW)}
    version = next_version(int(stored["version"]), now)
    item = {**content, **beside, CORRELATION_ID: scope.import_id, "version": version, CHANGED_ROW: row}
    if maker(stored) == scope.import_id:
        first = stored.get(CHANGED_ROW)
        return item | ({CHANGED_ROW: first} if scope.line(first) else {}), []
    key = layer_key(scope.user_id, scope.import_id, stored)
    return {**item, CHANGED_BY: scope.import_id}, [Keep(key, {ITEM: stored})]


def without(layers: Sequence[Item], import_id: str) -> list[Item]:
    """`layers` of an item, the top first, as if `import_id` had never been; none are left of its own item.

    What an athlete changed on top of the import's layer stays as they left it.
    """
    kept = [layer for layer in layers if maker(layer) != import_id]
    if not kept:
        return []
    if EDITED_AT in layers[0] and maker(layers[0]) == import_id:
        kept = [_attributed(layers[0], kept[0]), *kept[1:]]
    if maker(layers[-1]) == import_id:
        kept = _created(kept)
    return kept


def _attributed(edited: Item, below: Item) -> Item:
    """An athlete's own words on top of a layer that is taken out: they lie on the one below it then."""
    marks = {name: below[name] for name in (*_CHANGE, SOURCE_HASH) if name in below}
    return {name: value for name, value in edited.items() if name not in (*_CHANGE, SOURCE_HASH)} | marks


def _created(layers: list[Item]) -> list[Item]:
    """`layers` as made by the import that made the lowest of them."""
    *above, lowest = layers
    made: dict[str, Any] = {IMPORT_ID: lowest[CHANGED_BY], IMPORT_ROW: lowest[CHANGED_ROW]}
    bottom = {name: value for name, value in lowest.items() if name not in _CHANGE}
    return [{**layer, **made} for layer in [*above, bottom]]
