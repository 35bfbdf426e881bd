"""Events that come from the bus's archive: EventBridge writes the replay's name into their envelope."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from wotr_common.observability import logger

_MARK = '"replay-name"'


def log_replayed(records: Iterable[Mapping[str, Any]]) -> None:
    """Log how many of the messages come from which replay: EventBridge itself tells nobody."""
    for replay, events in replayed(records).items():
        logger.info("replayed events arrived", replay=replay, events=events)


def replayed(records: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many of the messages come from which replay."""
    found: Counter[str] = Counter()
    for body in (record["body"] for record in records if _MARK in record["body"]):
        try:
            envelope = json.loads(body)
        except ValueError:
            continue  # set aside with its reason by whoever consumes it
        name = envelope.get("replay-name") if isinstance(envelope, dict) else None
        if isinstance(name, str):
            found[name] += 1
    return found
