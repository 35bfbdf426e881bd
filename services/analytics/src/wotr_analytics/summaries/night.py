"""Which days a nightly run makes: yesterday, nights that failed, and days whose workouts changed since.

Nothing here asks how late a workout is. Each night notes up to where it has read the lake, and the next one
reads from there: a workout of three years ago that was written, edited or deleted yesterday is found by its
event, and its day's report is made again. An event that itself reached the lake late is found when it does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from wotr_analytics.summaries import summary
from wotr_analytics.summaries.summary import Done
from wotr_common.observability import logger

MOST_MISSED = timedelta(days=31)
_TRIES = 5
_DAY = timedelta(days=1)


class Overtaken(Exception):
    """Somebody else wrote what was about to be written."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored, and the tag that a write on top of it has to name."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What one night leaves for the next: how far it has read the lake, which days it had no time for."""

    read_through: datetime | None = None
    waiting: frozenset[date] = frozenset()
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Days (UTC) of the workouts that the lake's newer objects speak of, and how far it was read."""

    days: frozenset[date]
    read_through: datetime | None


class Workouts(Protocol):
    """The system of record."""

    def of(self, day: date) -> Iterator[Done]:
        """Everybody's workouts that started on `day` (UTC)."""


class Reports(Protocol):
    """Where reports and the memory lie."""

    def days(self) -> set[date]:
        """The days that have a report."""

    def get(self, day: date) -> Held | None:
        """The report of a day."""

    def put(self, day: date, body: bytes, on_top_of: Held | None) -> None:
        """Write a report; Overtaken where what is stored is no longer `on_top_of`."""

    def memory(self) -> Memory:
        """What the last night left."""

    def remember(self, memory: Memory) -> None:
        """Leave it for the next; Overtaken where the stored one no longer has its tag."""


class Lake(Protocol):
    """The events of workouts, by arrival."""

    def newest(self) -> datetime | None:
        """When its newest object was written."""

    def since(self, moment: datetime | None, in_time: Callable[[], bool]) -> Arrivals:
        """What was written from then on, oldest first, for as long as there is time."""


@dataclass(frozen=True, slots=True)
class Night:
    """What a nightly run has done."""

    report: dict[str, Any]
    written: list[date]
    unchanged: int
    waiting: list[date]


def make(day: date, workouts: Workouts, reports: Reports) -> tuple[dict[str, Any], bool]:
    """Make the report of one day, and say whether what is stored had to change.

    The stored one is read before the workouts are, and written on top of itself only: a run that read the
    workouts earlier than another does not undo what that one wrote. Its event puts right what else changes
    meanwhile.
    """
    for _ in range(_TRIES):
        held = reports.get(day)
        made = summary.report(day, workouts.of(day))
        body = summary.text(made)
        if held is not None and held.body == body:
            return made, False
        try:
            reports.put(day, body, held)
        except Overtaken:
            continue
        return made, True
    raise Overtaken(f"the report of {day} was written by others {_TRIES} times")


def nightly(
    yesterday: date, workouts: Workouts, reports: Reports, lake: Lake, in_time: Callable[[], bool]
) -> Night:
    """Make the report of `yesterday`, then those that are missing or no longer true, while `in_time`."""
    memory, reported = reports.memory(), reports.days()
    made, changed = make(yesterday, workouts, reports)
    night = Night(made, [yesterday] if changed else [], 0 if changed else 1, [])
    # The first night has nothing to correct, so it need not read a lake of years.
    arrivals = lake.since(memory.read_through, in_time) if reported else Arrivals(frozenset(), lake.newest())
    waiting = to_make(yesterday, reported, arrivals.days | memory.waiting)
    unchanged = night.unchanged
    while waiting and in_time():
        day = waiting.pop(0)
        if make(day, workouts, reports)[1]:
            night.written.append(day)
        else:
            unchanged += 1
    try:
        reports.remember(Memory(arrivals.read_through, frozenset(waiting), memory.etag))
    except Overtaken:  # another run of the same night has done the same and noted it
        logger.info("another nightly run was faster")
    return Night(night.report, night.written, unchanged, waiting)


def to_make(yesterday: date, reported: Collection[date], changed: Collection[date]) -> list[date]:
    """The days to make after `yesterday`, the newest first: missed ones, and reported ones that changed.

    Nights that failed are made up for 31 days back, never before the first report there is. A day that
    never had a report, such as those of an imported history, gets none.
    """
    first = min(reported, default=yesterday)
    missed = set(_days(max(first, yesterday - MOST_MISSED), yesterday)) - set(reported)
    stale = {day for day in changed if day in reported}
    return sorted((missed | stale) - {yesterday}, reverse=True)


def _days(first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first += _DAY
