"""The layers that imports keep of one item, and how they are written anew. Plain functions, no AWS."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from wotr_common import keys
from wotr_workers.imports.provenance import ITEM, layer_key, maker
from wotr_workers.store import Delete, Item, Put, Write


def relayered(user_id: str, layers: Sequence[Item], kept: Sequence[Item]) -> list[Write]:
    """The writes by which the layers below the top one become those in `kept`."""
    before, after = _below(layers), _below(kept)
    writes: list[Write] = []
    for by, item in before.items():
        stored = _layer(user_id, by, layers[0], item)
        if by not in after:
            writes.append(Delete(stored))
        elif after[by] != item:
            writes.append(Put(_layer(user_id, by, layers[0], after[by]), stored))
    return writes


def _below(layers: Sequence[Item]) -> dict[str, Item]:
    """Each layer but the top one, by the import that lies on it and keeps it."""
    return {by: layer for above, layer in pairwise(layers) if (by := maker(above))}


def _layer(user_id: str, by: str, top: Item, item: Item) -> Item:
    key = layer_key(user_id, by, top)
    return {keys.PK: key["pk"], keys.SK: key["sk"], ITEM: item}
