"""Local times of exports: most apps write the athlete's own clock and no zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from wotr_workers.imports.parsed import BadText, shown


class UnknownZone(ValueError):
    """A name that is no time zone; the message says so to a person."""


def zone(name: str) -> ZoneInfo:
    """The IANA time zone called `name`; UnknownZone where there is none."""
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):  # OSError: a folder of zones, such as America
        raise UnknownZone(f"{shown(name)} is no time zone; they look like Europe/Berlin") from None


def utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment when clocks in `zone` show `local`, in UTC.

    Where clocks show it twice, the first time is meant; where they skip it, as much later as they skip
    (PEP 495, fold 0). BadText at either end of the calendar, where there is no such moment in UTC.
    """
    try:
        return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except OverflowError:
        raise BadText(f"is outside the years 1 to 9999 in UTC: {local}") from None
