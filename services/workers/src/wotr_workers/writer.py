"""From queued messages to stored workouts: what is written, what is tried again, what is set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from wotr_common.dead_letters import DeadLetters, correlation_id_of_record
from wotr_common.messages import AcceptedWorkout
from wotr_common.observability import annotate_span, logger
from wotr_common.problems import field_errors
from wotr_workers.store import Refused, Workouts
from wotr_workers.workouts import accepted_item


class Unreadable(Exception):
    """A message that no later try can make sense of; the message says why, without the message's values."""


@dataclass(slots=True)
class Batch:
    """What became of a batch of messages; `failed_ids` are those to try again."""

    written: int = 0
    duplicates: int = 0
    set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


def _now() -> datetime:
    return datetime.now(UTC)


def write(
    records: Iterable[Mapping[str, Any]],
    workouts: Workouts,
    dead_letters: DeadLetters,
    shards: int,
    clock: Callable[[], datetime] = _now,
) -> Batch:
    """Store the workouts in SQS `records`: each is written, known already, set aside, or to be tried again.

    `clock` says when one is written, which is its version.

    Our own loop: Powertools' batch processor would add a third to this module's import time.
    """
    batch = Batch()
    for record in records:
        logger.set_correlation_id(correlation_id_of_record(record))
        try:
            _write(record, workouts, shards, clock, batch)
        except (Unreadable, Refused) as error:
            _set_aside(record, str(error), dead_letters, batch)
        except Exception:  # noqa: BLE001 - whatever it is, the neighbours go on and this one comes again
            logger.exception("workout not written, its message goes back to the queue")
            batch.failed_ids.append(record["messageId"])
    return batch


def _write(
    record: Mapping[str, Any], workouts: Workouts, shards: int, clock: Callable[[], datetime], batch: Batch
) -> None:
    accepted = parse(record["body"])
    logger.set_correlation_id(accepted.correlation_id)
    annotate_span(user_id=accepted.user_id)
    item = accepted_item(accepted, shards, clock())
    stored = workouts.put_new(item)
    if stored is None:
        batch.written += 1
        logger.info("workout written", workout=item["workoutId"])
    else:
        batch.duplicates += 1
        # Beside notes the hash is sealed, and nobody here may open it: then it cannot be told.
        same = stored["contentHash"] == item["contentHash"] if "contentHash" in stored else None
        logger.info("workout already stored", workout=item["workoutId"], same_content=same)


def parse(body: str) -> AcceptedWorkout:
    """The accepted workout in a message's body; Unreadable names the fields that are wrong."""
    try:
        return AcceptedWorkout.model_validate_json(body)
    except ValidationError as error:
        found = (
            f"{each.field}: {each.message}" if each.field else each.message for each in field_errors(error)
        )
        raise Unreadable(f"not an accepted workout: {'; '.join(found)}") from None


def _set_aside(record: Mapping[str, Any], reason: str, dead_letters: DeadLetters, batch: Batch) -> None:
    if dead_letters.set_aside(record["body"], reason, logger.get_correlation_id() or record["messageId"]):
        batch.set_aside += 1
    else:
        batch.failed_ids.append(record["messageId"])
