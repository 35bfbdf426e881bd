"""What starts a job: a message of its queue, or an invocation that waits for the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AwareDatetime, ConfigDict, ValidationError, model_validator

from wotr_common.dead_letters import DeadLetters
from wotr_common.problems import field_errors
from wotr_common.workout import Record

# What a job keeps for its last steps and its log lines.
_RESERVE_MS = 20_000


class Unreadable(Exception):
    """No later try can make sense of this; the text says why."""


class Job(Record):
    """What every job is told: when it was meant to run. Nothing means now."""

    model_config = ConfigDict(extra="forbid")

    scheduled_at: AwareDatetime | None = None

    def at(self) -> datetime:
        """The moment that the job runs for: a late try still does the work of its own night."""
        return self.scheduled_at or datetime.now(UTC)


class SummaryJob(Job):
    """A daily summary: of one `day` (UTC) alone, or a nightly run for the day before it was due."""

    day: date | None = None

    @model_validator(mode="after")
    def _is_over(self) -> SummaryJob:
        if self.day is not None and self.scheduled_at is not None:
            raise ValueError("give day or scheduledAt, not both")
        if self.yesterday() >= datetime.now(UTC).date():
            raise ValueError("a day is summed up when it is over, by UTC")
        return self

    def yesterday(self) -> date:
        """The day to sum up."""
        return self.day or self.at().astimezone(UTC).date() - timedelta(days=1)


class CleanUpJob(Job):
    """A clean-up; with `dry_run` it only counts."""

    dry_run: bool = False


J = TypeVar("J", bound=Job)


def queued(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one record of a queue's event; None where somebody invokes the function and waits."""
    records = event.get("Records")
    return records[0] if records else None


def read(event: Mapping[str, Any], contract: type[J], dead_letters: DeadLetters) -> J | None:
    """What to do. None where it was a message that nobody can read, which is set aside with the reason, or
    an empty batch, which asks for nothing.

    Unreadable where somebody waits for the answer, or where the message could not be set aside.
    """
    if event.get("Records") == []:
        return None
    record = queued(event)
    try:
        return _read(record["body"] if record else json.dumps(event), contract)
    except Unreadable as error:
        if record and dead_letters.set_aside(record["body"], str(error), record["messageId"]):
            return None
        raise


def _read(text: str, contract: type[J]) -> J:
    try:
        return contract.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(f"{found.field}: {found.message}" for found in field_errors(error))
        raise Unreadable(f"not a job: {wrong}") from error


class Clock:
    """Whether an invocation has time for another step; the rest is for ending in order."""

    def __init__(self, context: LambdaContext) -> None:
        self._context = context

    def in_time(self) -> bool:
        """True until shortly before the invocation's deadline."""
        return self._context.get_remaining_time_in_millis() > _RESERVE_MS
