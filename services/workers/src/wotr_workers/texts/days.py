"""Starts of sessions: a time on the athlete's own clock, or no more than a date."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from wotr_workers.texts import times
from wotr_workers.texts.dates import day, moment
from wotr_workers.texts.sets import Unsaid
from wotr_workers.texts.values import BadText, shown

_NOON = 12


def start(text: str, zone: ZoneInfo | None) -> tuple[datetime, datetime, bool]:
    """A start on the athlete's own clock, in UTC, and whether the text says no more than its date.

    A date stands for its noon. BadText where it says no time; Unsaid where nobody said the zone of the clock.
    """
    found, only_date = _said(text.strip())
    if zone is None:
        raise Unsaid("timezone")
    if found.tzinfo is not None:
        found = found.astimezone(zone).replace(tzinfo=None)
    return found, times.utc(found, zone), only_date


def _said(text: str) -> tuple[datetime, bool]:
    """The time in `text`, or the noon of its date."""
    if ":" in text:
        return moment(text), False
    try:
        return _noon(text), True
    except BadText:
        try:
            return moment(text), False  # some countries write 17.30
        except BadText:
            pass
        raise


def _noon(text: str) -> datetime:
    year, month, of_month = day(text)
    try:
        return datetime(year, month, of_month, _NOON)  # noqa: DTZ001 - on the athlete's own clock
    except ValueError:
        raise BadText(f"is no date that exists: {shown(text)}") from None
