"""From the table's stream to events: every change that means one becomes it, or is set aside with the reason.

The event source's own settings (bisect, retries, a destination) catch a function that crashes, and hold
the stream while there is no bus. Otherwise each record is dealt with by itself: one that fails holds up
none but the same user's, and those only while it is tried again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_common.events import Event
from wotr_common.observability import annotate_span, logger
from wotr_workers.bus import PUT_EVENTS, Bus
from wotr_workers.outbox import deliver
from wotr_workers.store import streamed
from wotr_workers.stream_events import changed_at, event_of
from wotr_workers.workouts import CORRELATION_ID


@dataclass(slots=True)
class Batch:
    """What became of a batch of records; `failed_ids` are the sequence numbers of those to try again."""

    published: int = 0
    set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


def publish(
    records: Iterable[Mapping[str, Any]],
    bus: Bus,
    failures: DeadLetters,
    pause: Callable[[float], None] = time.sleep,
) -> Batch:
    """Put an event on the bus for each change in stream `records` that means one, in order for each user."""
    batch = Batch()
    readable: list[tuple[Mapping[str, Any], Event]] = []
    for record in records:
        try:
            event = event_in(record)
        except Exception as error:  # noqa: BLE001 - one record that cannot be read must not hold back the others
            logger.exception("stream record cannot be read")
            _set_aside(record, f"cannot be read: {type(error).__name__}", failures, batch)
            continue
        if event is not None:
            readable.append((record, event))
    delivery = deliver([event for _, event in readable], bus.put, PUT_EVENTS, pause)
    if delivery.left:
        logger.error("no bus, the stream sends it again", reason=next(iter(delivery.left.values())))
    for position, (record, event) in enumerate(readable):
        logger.set_correlation_id(event.correlation_id)
        annotate_span(user_id=event.user_id)
        if position in delivery.left:
            batch.failed_ids.append(record["dynamodb"]["SequenceNumber"])
        elif position in delivery.refused:
            _set_aside(record, delivery.refused[position], failures, batch)
        else:
            batch.published += 1
            logger.info("event published", event_name=event.name, event_id=str(event.id))
    return batch


def event_in(record: Mapping[str, Any]) -> Event | None:
    """The event that a stream record means, None where it means none."""
    said = record["dynamodb"]
    old, new = (streamed(said[name]) if said.get(name) else None for name in ("OldImage", "NewImage"))
    return event_of(said["Keys"][keys.SK]["S"], old, new, changed_at(record), str(record["eventID"]))


def _set_aside(record: Mapping[str, Any], reason: str, failures: DeadLetters, batch: Batch) -> None:
    image = record["dynamodb"].get("NewImage") or record["dynamodb"].get("OldImage") or {}
    identity = str(image.get(CORRELATION_ID, {}).get("S") or record.get("eventID"))
    if failures.set_aside(json.dumps(record, default=str), reason, identity):
        batch.set_aside += 1
    else:
        batch.failed_ids.append(record["dynamodb"]["SequenceNumber"])
