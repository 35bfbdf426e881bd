"""From what the topic said to the notes of which records were told. Decides, and leaves AWS to the store.

A note is stored unless it is there: SNS and SQS deliver at least once, and the first delivery wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ValidationError

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters, correlation_id_of_record
from wotr_common.events import RecordData
from wotr_common.observability import annotate_span, logger
from wotr_common.problems import field_errors
from wotr_common.workout import UserId
from wotr_workers.store import Changed, Item, Put, Refused, Table
from wotr_workers.workouts import CORRELATION_ID


class Unreadable(Exception):
    """A message that no later try can make sense of; says why, without the message's values."""


class ToldRecord(RecordData):
    """What the topic is told of a broken record. Unknown fields are ignored."""

    version: Literal[1] = 1
    user_id: UserId
    label: str
    message: str

    def note(self, correlation_id: str | None) -> Item:
        """The item that says that it was told of."""
        said = self.model_dump(by_alias=True, exclude_none=True, exclude={"version"})
        identity = {CORRELATION_ID: correlation_id} if correlation_id else {}
        return {
            **keys.record_log_key(self.user_id, self.started_at, self.kind, self.subject),
            **said,
            **identity,
        }


@dataclass(slots=True)
class Batch:
    """What became of a batch of messages; `failed_ids` are those to try again."""

    noted: int = 0
    duplicates: int = 0
    set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


def note(records: Iterable[Mapping[str, Any]], table: Table, dead_letters: DeadLetters) -> Batch:
    """Note the records in SQS `records`: each is noted, known already, set aside, or to be tried again."""
    batch = Batch()
    for record in records:
        logger.set_correlation_id(correlation_id_of_record(record))
        try:
            _note(record, table, batch)
        except (Unreadable, Refused) as error:
            _set_aside(record, str(error), dead_letters, batch)
        except Exception:  # noqa: BLE001 - whatever it is, the neighbours go on and this one comes again
            logger.exception("record not noted, its message goes back to the queue")
            batch.failed_ids.append(record["messageId"])
    return batch


def parse(body: str) -> ToldRecord:
    """The record in a message's body; Unreadable names the fields that are wrong."""
    try:
        return ToldRecord.model_validate_json(body)
    except ValidationError as error:
        found = (
            f"{each.field}: {each.message}" if each.field else each.message for each in field_errors(error)
        )
        raise Unreadable(f"not a broken record: {'; '.join(found)}") from None


def _note(record: Mapping[str, Any], table: Table, batch: Batch) -> None:
    told = parse(record["body"])
    annotate_span(user_id=told.user_id)
    try:
        table.write([Put(told.note(_correlation_id(record)))])
    except Changed:
        batch.duplicates += 1
        logger.info("record already noted", kind=told.kind, user_id=told.user_id)
    else:
        batch.noted += 1
        logger.info("record noted", kind=told.kind, user_id=told.user_id)


def _correlation_id(record: Mapping[str, Any]) -> str | None:
    """The id that came with the message, None where whoever logged the workout gave none."""
    attribute = (record.get("messageAttributes") or {}).get(CORRELATION_ID) or {}
    return attribute.get("stringValue")


def _set_aside(record: Mapping[str, Any], reason: str, dead_letters: DeadLetters, batch: Batch) -> None:
    if dead_letters.set_aside(record["body"], reason, correlation_id_of_record(record)):
        batch.set_aside += 1
    else:
        batch.failed_ids.append(record["messageId"])
