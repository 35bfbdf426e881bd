"""From the table's stream to events: every stored workout becomes one, or is set aside with the reason.

The event source's own settings (bisect, retries, a destination) catch a function that crashes; they hold a
batch back, and their destination gets only a position in the stream. So each record is dealt with by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_common.events import WorkoutCreated, workout_created
from wotr_common.items import workout_from_item
from wotr_common.observability import annotate_span, logger
from wotr_workers.bus import Bus
from wotr_workers.store import plain
from wotr_workers.workouts import CORRELATION_ID


@dataclass(slots=True)
class Batch:
    """What became of a batch of records; `failed_ids` are the sequence numbers of those to try again."""

    published: int = 0
    set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


def publish(records: Iterable[Mapping[str, Any]], bus: Bus, failures: DeadLetters) -> Batch:
    """Put an event on the bus for each workout that stream `records` say was stored for the first time."""
    batch = Batch()
    readable: list[tuple[Mapping[str, Any], WorkoutCreated]] = []
    for record in records:
        if not _is_new_workout(record):
            continue
        try:
            readable.append((record, event_of(record)))
        except Exception as error:  # noqa: BLE001 - one record that cannot be read must not hold back the others
            logger.exception("stream record cannot be read")
            _set_aside(record, f"cannot be read: {type(error).__name__}", failures, batch)
    refused = bus.put([event for _, event in readable])
    for position, (record, event) in enumerate(readable):
        logger.set_correlation_id(event.correlation_id)
        annotate_span(user_id=event.user_id)
        if position in refused:
            _set_aside(record, refused[position], failures, batch)
        else:
            batch.published += 1
            logger.info("event published", event_id=str(event.id), workout=event.data.workout_id)
    return batch


def event_of(record: Mapping[str, Any]) -> WorkoutCreated:
    """The event of a stored workout."""
    item = plain(record["dynamodb"]["NewImage"])
    return workout_created(workout_from_item(item), str(item.get(CORRELATION_ID) or record["eventID"]))


def _is_new_workout(record: Mapping[str, Any]) -> bool:
    # The event source filters already; a replay by hand may not.
    return record["eventName"] == "INSERT" and keys.is_workout(record["dynamodb"]["Keys"][keys.SK]["S"])


def _set_aside(record: Mapping[str, Any], reason: str, failures: DeadLetters, batch: Batch) -> None:
    image = record["dynamodb"].get("NewImage", {})
    identity = str(image.get(CORRELATION_ID, {}).get("S") or record.get("eventID"))
    if failures.set_aside(json.dumps(record, default=str), reason, identity):
        batch.set_aside += 1
    else:
        batch.failed_ids.append(record["dynamodb"]["SequenceNumber"])
