"""Which stretch of time is replayed, and under which name. Plain functions, no AWS."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# "There may be a delay between an event being received and the event arriving in the archive":
# EventBridge user guide, "Archiving events", which asks for ten minutes.
ARCHIVED_WITHIN = timedelta(minutes=10)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class WindowError(Exception):
    """What was asked for is no stretch of time that can be replayed."""


@dataclass(frozen=True, slots=True)
class Window:
    """Events that came to the bus from `start` until just before `end`."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M:%S}Z until {self.end:%Y-%m-%d %H:%M:%S}Z"

    def share_until(self, at: datetime) -> float:
        """How much of the window lies before `at`, from 0 to 1."""
        return min(1.0, max(0.0, (at - self.start) / (self.end - self.start)))


def window(begin: str, end: str | None, now: datetime) -> Window:
    """The window that is meant by two dates or times; WindowError says what is wrong with it.

    A date begins with its first second and ends with its last, in UTC. Nothing after the second of `now` is
    replayed.
    """
    start = _moment(begin, timedelta(0))
    until = min(now, _moment(end, timedelta(days=1))) if end else now
    # EventBridge knows whole seconds: one that has begun is meant to its end, with all its events.
    found = Window(start.replace(microsecond=0), _whole(until))
    if found.start >= found.end:
        raise WindowError(
            f"nothing lies between {begin} and {end or 'now'}: --from must be before --to and before now"
        )
    return found


def name(stage: str, start: datetime, rules: Iterable[str], number: int | None = None) -> str:
    """The name of the `number`th replay from `start` to these rules; without number, how all of them begin.

    At most 64 of A-Z a-z 0-9 . - _ are allowed, so a hash stands for the rules.
    """
    to = hashlib.sha256(" ".join(sorted(rules)).encode()).hexdigest()[:8]
    return f"wotr-{stage}-{start:%Y%m%dT%H%M%SZ}-{to}-{'' if number is None else number}"


def _whole(at: datetime) -> datetime:
    second = at.replace(microsecond=0)
    return second if second == at else second + timedelta(seconds=1)


def _moment(text: str, after_date: timedelta) -> datetime:
    try:
        if _DATE.fullmatch(text):
            first = date.fromisoformat(text)
            return datetime(first.year, first.month, first.day, tzinfo=UTC) + after_date
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise WindowError(f"{text} is no date (2026-11-24) and no time (2026-11-24T06:30:00Z)") from None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
