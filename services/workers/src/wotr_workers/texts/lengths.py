"""How long an activity took, and whether a timer was left running."""

from __future__ import annotations

from decimal import Decimal

from wotr_common.plausibility import STRENGTH
from wotr_workers.texts.values import BadText

_DAY_S = 24 * 60 * 60
_LONGEST_S = 30 * _DAY_S
_UNKNOWN: dict[str, object] = {"durationMin": None}


def minutes(
    sport: str, seconds: Decimal | None, elapsed: Decimal | None = None
) -> tuple[dict[str, object], tuple[str, ...]]:
    """The duration among a workout's fields, and warnings.

    `seconds` is what it is said to have taken and `elapsed` what lay between start and end. The
    duration is None where neither is known, or where more than a day is said of strength; BadText where more
    than 30 days are said of anything else.
    """
    seconds = seconds or elapsed
    if seconds is None:
        return _UNKNOWN, ()
    longest = max(seconds, elapsed or seconds)
    if sport == STRENGTH:
        if seconds > _DAY_S:
            return _UNKNOWN, ("durationMin: left out, more than a day is a timer left running",)
    elif longest > _LONGEST_S:
        raise BadText("must not be longer than 30 days")
    elif longest > _DAY_S >= seconds:
        return {"durationMin": seconds / 60}, ("durationMin: more than a day from start to end",)
    return {"durationMin": seconds / 60}, ()
