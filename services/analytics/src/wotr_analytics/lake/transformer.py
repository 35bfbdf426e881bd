"""From queued events to rows of the lake: what is added, what is tried again, what is set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wotr_analytics.events import Unreadable, workout_event
from wotr_analytics.lake.objects import Lake, NotAdded
from wotr_analytics.lake.rows import date_of, row
from wotr_common.dead_letters import DeadLetters
from wotr_common.observability import logger


@dataclass(slots=True)
class Batch:
    """What became of a batch: the messages to try again, and how many rows are new in the lake."""

    failed_ids: list[str] = field(default_factory=list)
    added: int = 0


@dataclass(slots=True)
class _Day:
    """The rows of one date, and the messages that they came in."""

    lines: list[bytes] = field(default_factory=list)
    message_ids: list[str] = field(default_factory=list)


def transform(records: Iterable[Mapping[str, Any]], lake: Lake, dead_letters: DeadLetters) -> Batch:
    """Add the events in SQS `records` to the lake; each is there, set aside, or among those to try again."""
    days: dict[str, _Day] = {}
    poison: list[tuple[Mapping[str, Any], Unreadable]] = []
    traced: Counter[str] = Counter()
    for record in records:
        try:
            event = workout_event(record["body"])
        except Unreadable as error:
            poison.append((record, error))
            continue
        day = days.setdefault(date_of(event), _Day())
        day.lines.append(row(event))
        day.message_ids.append(record["messageId"])
        traced[event.correlation_id] += 1

    batch = Batch()
    for date, day in sorted(days.items()):
        try:
            batch.added += lake.add(date, day.lines)
        except NotAdded as error:
            batch.failed_ids += day.message_ids
            logger.warning("not in the lake, its events go back to the queue", date=date, reason=str(error))
    for correlation_id, events in traced.items():
        logger.info("workouts transformed", events=events, correlation_id=correlation_id)
    # Last, so that a crash before it sets nothing aside twice.
    batch.failed_ids += [
        record["messageId"]
        for record, error in poison
        if not dead_letters.set_aside(record["body"], str(error), error.correlation_id or record["messageId"])
    ]
    return batch
