"""Jefit's sessions: their starts are seconds since 1970, or no more than a date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from wotr_workers.formats.gather import session_minutes
from wotr_workers.formats.parsed import ParsedSession
from wotr_workers.texts.days import start
from wotr_workers.texts.figures import amount
from wotr_workers.texts.sets import Unsaid
from wotr_workers.texts.values import BadText

_SECONDS = re.compile(r"\d{9,10}", re.ASCII)
_MOST_KCAL = 30  # a minute
_LEAST_BPM, _MOST_BPM = 25, 240


class BadRow(Exception):
    """A row that cannot be understood: the field that is wrong, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def begun(identity: str, started: str, date: str, zone: ZoneInfo | None) -> ParsedSession:
    """The session that began so many seconds after 1970, or else on some date; BadRow, Unsaid."""
    if zone is None:
        raise Unsaid("timezone")
    if _SECONDS.fullmatch(started):
        started_at = datetime.fromtimestamp(int(started), UTC)
        return ParsedSession(identity, started_at.astimezone(zone).replace(tzinfo=None), started_at, ())
    try:
        local, started_at, date_only = start(date, zone)
    except BadText as error:
        raise BadRow("mydate", str(error)) from None
    return ParsedSession(identity, local, started_at, (), date_only=date_only)


def measured(session: ParsedSession, said: Mapping[str, str], started: str) -> ParsedSession:
    """The session with what its row says of it beside its start, where that can be.

    What cannot be is left out: it must not cost the session's sets.
    """
    seconds = known_amount(said.get("total_time", ""))
    ended = said.get("endtime", "").strip()
    if not seconds and _SECONDS.fullmatch(started) and _SECONDS.fullmatch(ended):
        seconds = Decimal(int(ended) - int(started))
    minutes, warnings = session_minutes((seconds or Decimal(0)) / 60)
    calories = known_amount(said.get("calories", ""))
    heart_rate = known_amount(said.get("avg_heart_rate", ""))
    return replace(
        session,
        duration_min=minutes,
        warnings=warnings,
        calories_burned=calories if calories and minutes and calories <= _MOST_KCAL * minutes else None,
        avg_heart_rate=heart_rate if heart_rate and _LEAST_BPM <= heart_rate <= _MOST_BPM else None,
    )


def known_amount(text: str) -> Decimal | None:
    """The amount in `text`, None where there is none: what stands beside the sets costs no set."""
    try:
        return amount(text)
    except BadText:
        return None
