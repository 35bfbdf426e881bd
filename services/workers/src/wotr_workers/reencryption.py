"""Notes brought under another KMS key, a stretch of the table at a time, while everybody goes on writing.

What is under that key already is left alone, so a run that was interrupted is simply begun again. Notes that
were stored before there was any encryption are sealed by the way.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from wotr_common import envelope, keys
from wotr_common.envelope import Unreadable
from wotr_common.notes import UNREADABLE, Notes, entries_of, has_notes
from wotr_common.observability import logger
from wotr_workers.store.sealed import Found, SealedItems

_TRIES = 3  # of one item that others change


@dataclass(slots=True)
class Stretch:
    """What became of the items of one stretch; `under` counts, by key, those left under others."""

    seen: int = 0
    moved: int = 0
    sealed: int = 0  # that were in the clear
    contended: int = 0  # that others changed under every try
    unreadable: int = 0
    under: dict[str, int] = field(default_factory=dict)
    after: dict[str, str] | None = None  # where the next stretch begins, None at the end

    def said(self) -> dict[str, Any]:
        """As the function answers it."""
        return asdict(self)


def reencrypt(
    items: SealedItems, notes: Notes, kms_key: str, found: Found, *, look_only: bool = False
) -> Stretch:
    """Bring the notes of the `found` items under `kms_key`, which is what `notes` seals under."""
    stretch = Stretch(after=found.after)
    for item in found.items:
        stretch.seen += 1
        others, clear = _other_keys(item, kms_key), has_notes(item)
        if not (others or clear):
            continue
        if look_only or not _moved(items, notes, item, stretch):
            for name in others or {"none"}:
                stretch.under[name] = stretch.under.get(name, 0) + 1
        elif clear:
            stretch.sealed += 1
        else:
            stretch.moved += 1
    return stretch


def _moved(items: SealedItems, notes: Notes, item: dict[str, Any], stretch: Stretch) -> bool:
    """Whether nothing of `item` is left to do; counts why not."""
    current = item
    for _ in range(_TRIES):
        opened = notes.opened(current)
        if UNREADABLE in opened:
            stretch.unreadable += 1
            return False
        instead = items.replace(current, notes.sealed(opened))
        if not instead:
            return True  # done, or it was deleted meanwhile
        current = instead
    stretch.contended += 1
    logger.info("an item is changed by others all the time", pk=item[keys.PK], sk=item[keys.SK])
    return False


def _other_keys(item: dict[str, Any], kms_key: str) -> set[str]:
    found = set()
    for entry in entries_of(item):
        try:
            found.add(envelope.kms_key_of(entry))
        except Unreadable:
            found.add("unknown")
    return found - {kms_key}
