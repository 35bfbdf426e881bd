"""Starts of sessions: a time on the athlete's own clock, or no more than a date."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from wotr_workers.imports import times
from wotr_workers.imports.dates import moment
from wotr_workers.imports.parsed import BadText, shown
from wotr_workers.imports.sets import Unsaid

_NOON = time(12)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})[./-](\d{4})", re.ASCII)


def start(text: str, zone: ZoneInfo | None) -> tuple[datetime, datetime, bool]:
    """A start on the athlete's own clock, in UTC, and whether the text says no more than its date.

    A date stands for its noon. BadText where it says no time; Unsaid where nobody said the zone of the clock.
    """
    only_date = _date(text.strip())
    found = datetime.combine(only_date, _NOON) if only_date else moment(text)
    if zone is None:
        raise Unsaid("timezone")
    if found.tzinfo is not None:
        found = found.astimezone(zone).replace(tzinfo=None)
    return found, times.utc(found, zone), only_date is not None


def _date(text: str) -> date | None:
    """The date that `text` says without a time; None where it says something else."""
    if _ISO.fullmatch(text):
        return _existing(text, *map(int, text.split("-")))
    match = _YEAR_FIRST.fullmatch(text)
    if match:
        return _existing(text, *map(int, match.groups()))
    match = _YEAR_LAST.fullmatch(text)
    if not match:
        return None
    one, two, year = int(match[1]), int(match[3]), int(match[4])
    if match[2] == "." or one > 12 or one == two:
        return _existing(text, year, two, one)
    if two > 12:
        return _existing(text, year, one, two)
    raise BadText(f"may be read with the day or the month first: {shown(text)}; save it as 2022-10-06")


def _existing(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadText(f"is no date that exists: {shown(text)}") from None
