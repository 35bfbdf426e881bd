"""What an import's end is told as."""

from __future__ import annotations

from typing import Any, Protocol

from wotr_workers.store import Imports, Item
from wotr_workers.topics import ImportsTopic

_NAMES = ("userId", "importId", "state", "message", "format", "reason", "questions")


class Records(Protocol):
    """Makes an athlete's records again."""

    def rebuild(self, user_id: str, import_id: str) -> Any:
        """Store what the history amounts to; {count, top} of the records that `import_id` brought."""


def tell(imports: Imports, topic: ImportsTopic, state: Item) -> None:
    """Publish how an import ended: once, or twice where a crash comes between telling and noting it."""
    if not state.get("told"):
        topic.tell(message(state))
        imports.replace(state, state | {"told": True})


def message(state: Item) -> dict[str, Any]:
    """What the topic is told of an import's end: whole numbers, the reasons counted."""
    told = {name: state[name] for name in _NAMES if name in state}
    records = state.get("records")
    return {
        "version": 1,
        **told,
        "counts": {name: int(count) for name, count in state.get("counts", {}).items()},
        "setAsideReasons": {text: int(count) for text, count in state.get("setAsideReasons", {}).items()},
        **({"records": {"count": int(records["count"]), "top": records["top"]}} if records else {}),
    }
