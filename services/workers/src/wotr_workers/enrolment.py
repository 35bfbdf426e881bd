"""From who was confirmed to their profile. Decides, and leaves AWS to the store.

The profile is empty but for its version, and is stored unless there is one: SQS delivers at least once, and
what an athlete said meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from wotr_common import keys
from wotr_common.changes import Profile
from wotr_common.dead_letters import DeadLetters, correlation_id_of_record
from wotr_common.messages import Command
from wotr_common.observability import annotate_span, logger
from wotr_common.problems import field_errors
from wotr_common.versions import first_version
from wotr_workers.store import Changed, Item, Put, Refused, Table
from wotr_workers.workouts import CORRELATION_ID

NAME = "profile.change"


class Unreadable(Exception):
    """A message that no later try can make sense of; says why, without the message's values."""


@dataclass(slots=True)
class Batch:
    """What became of a batch of messages; `failed_ids` are those to try again."""

    enrolled: int = 0
    duplicates: int = 0
    set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


def _now() -> datetime:
    return datetime.now(UTC)


def enrol(
    records: Iterable[Mapping[str, Any]],
    table: Table,
    dead_letters: DeadLetters,
    clock: Callable[[], datetime] = _now,
) -> Batch:
    """Give the athletes in SQS `records` a profile: each has one then, is set aside or comes again."""
    batch = Batch()
    for record in records:
        logger.set_correlation_id(correlation_id_of_record(record))
        try:
            _enrol(record, table, clock, batch)
        except (Unreadable, Refused) as error:
            _set_aside(record, str(error), dead_letters, batch)
        except Exception:  # noqa: BLE001 - whatever it is, the neighbours go on and this one comes again
            logger.exception("athlete not enrolled, the message goes back to the queue")
            batch.failed_ids.append(record["messageId"])
    return batch


def parse(body: str) -> Command:
    """The request in a message's body: a profile change that says nothing; Unreadable where it is none."""
    try:
        command = Command.model_validate_json(body)
    except ValidationError as error:
        found = (
            f"{each.field}: {each.message}" if each.field else each.message for each in field_errors(error)
        )
        raise Unreadable(f"not an enrolment: {'; '.join(found)}") from None
    if command.name != NAME or command.arguments.get("profile"):
        raise Unreadable(f"not an enrolment: that is {NAME} with an empty profile")
    return command


def profile_item(command: Command, now: datetime) -> Item:
    """The item of a profile in which nothing was said yet."""
    profile = Profile(version=first_version(now))
    return {
        **profile.model_dump(by_alias=True, exclude_none=True),
        **keys.profile_key(command.user_id),
        "userId": command.user_id,
        CORRELATION_ID: command.correlation_id,
    }


def _enrol(record: Mapping[str, Any], table: Table, clock: Callable[[], datetime], batch: Batch) -> None:
    command = parse(record["body"])
    annotate_span(user_id=command.user_id)
    try:
        table.write([Put(profile_item(command, clock()))])
    except Changed:
        batch.duplicates += 1
        logger.info("there is a profile already", user_id=command.user_id)
    else:
        batch.enrolled += 1
        logger.info("profile made", user_id=command.user_id)


def _set_aside(record: Mapping[str, Any], reason: str, dead_letters: DeadLetters, batch: Batch) -> None:
    if dead_letters.set_aside(record["body"], reason, correlation_id_of_record(record)):
        batch.set_aside += 1
    else:
        batch.failed_ids.append(record["messageId"])
