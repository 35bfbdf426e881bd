"""Times as exports write them: most apps have the athlete's own clock and no zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from wotr_workers.texts.values import BadText, shown

_ZONED = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:[0-5]\d)", re.ASCII
)


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


def zoned(text: str) -> datetime | str:
    """The moment in an ISO 8601 `text` with a zone, in UTC; the text itself where it is not plainly one."""
    if _ZONED.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    return text
