"""A message of a dead-letter queue, and which of them somebody means. Plain functions, no AWS."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# Where the services, EventBridge, Scheduler and Lambda say why, in this order.
_REASONS = ("reason", "ERROR_MESSAGE", "ErrorMessage", "ERROR_CODE", "ErrorCode")
FAILED_OFTEN = "failed as often as its queue allows"
GIVEN_UP = "its function failed to the end, the records are in"
_GIVEN_UP_BELOW = "aws/lambda/"  # where Lambda writes what an event source gave up


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: `attributes` are its message attributes, `sent` is when it came into this queue."""

    message_id: str
    body: str
    attributes: Mapping[str, str]
    sent: datetime
    receipt: str = ""

    @property
    def content(self) -> Any:
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def kept(self) -> tuple[str, str] | None:
        """Bucket and key of the object that holds what an event source gave up, where it tells of one."""
        content = self.content
        if not isinstance(content, Mapping) or content.get("source") != "aws.s3":
            return None
        detail = content["detail"]
        bucket, key = str(detail["bucket"]["name"]), str(detail["object"]["key"])
        return (bucket, key) if key.startswith(_GIVEN_UP_BELOW) else None

    @property
    def reason(self) -> str:
        """Why it is here, as far as anybody said."""
        for name in _REASONS:
            if self.attributes.get(name):
                return self.attributes[name]
        if self.kept:
            return f"{GIVEN_UP} s3://{'/'.join(self.kept)}"
        content = self.content
        if not isinstance(content, Mapping):
            return FAILED_OFTEN
        if "stateMachineArn" in content:
            return f"{content.get('error', 'failed')}: {content.get('cause', '')}"
        asked, answered = content.get("requestContext"), content.get("responseContext")
        if isinstance(asked, Mapping):
            error = answered.get("functionError") if isinstance(answered, Mapping) else None
            return ": ".join(str(word) for word in (asked.get("condition"), error) if word)
        return FAILED_OFTEN

    @property
    def correlation_id(self) -> str:
        """Which call or import it belongs to, `-` where nobody said."""
        said = self.attributes.get("correlationId")
        content = self.content
        if said is None and isinstance(content, Mapping):
            detail = content.get("detail")
            said = (detail if isinstance(detail, Mapping) else content).get("correlationId")
        return str(said or "-")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant: all that pass each filter that is set."""

    ids: Collection[str] = ()
    reason: str = ""
    contains: str = ""
    correlation_id: str = ""
    older_than: timedelta | None = None
    newer_than: timedelta | None = None

    def takes(self, letter: Letter, now: datetime) -> bool:
        """Whether `letter` is meant; words are looked for whatever their case."""
        age = now - letter.sent
        return (
            (not self.ids or letter.message_id in self.ids)
            and self.reason.lower() in letter.reason.lower()
            and self.contains.lower() in letter.body.lower()
            and self.correlation_id in ("", letter.correlation_id)
            and (self.older_than is None or age >= self.older_than)
            and (self.newer_than is None or age <= self.newer_than)
        )


def duration(text: str) -> timedelta:
    """`90s`, `15m`, `2h`, `3d` as a duration; ValueError otherwise."""
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdecimal():
        raise ValueError(f"{text!r}: write a duration such as 90s, 15m, 2h or 3d")
    return timedelta(**{units[unit]: int(number)})
