"""Numbers and lengths of time as apps show them to people."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from wotr_workers.texts.values import BadText, shown

_PLAIN = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_SMALL = re.compile(r"[+-]?\d(?:\.\d{1,20})?[eE][+-]?\d{1,2}", re.ASCII)  # as pandas writes 0.00001
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){1,4}(?:\.\d{0,20})?", re.ASCII)
_GROUPED_BY_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){1,4},\d{1,20}", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,15},\d{1,20}", re.ASCII)
_NOTHING = frozenset({"", "-", "--", "---", "\u2014", "...", "nan", "null", "none", "n/a", "na"})
_KEPT = 16_384  # texts that are remembered
_SPACES = re.compile(r"\s+")
_CLOCK = re.compile(
    r"(?:(?P<days>\d{1,4}) days?,? )?(?:(?P<hours>\d{1,5}):)?(?P<minutes>\d{1,3}):"
    r"(?P<seconds>\d{1,2}(?:[.,]\d{1,9})?)",
    re.ASCII,
)


@lru_cache(_KEPT)
def figure(text: str) -> Decimal | None:
    """The number in `text`, None where an app says that it has none; BadText where it is something else.

    A comma groups thousands where three digits follow it, as in `1,000`, and else is a decimal comma.
    """
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if text.casefold() in _NOTHING:
        return None
    digits = _SPACES.sub("", text.removeprefix("'"))  # spreadsheets are told by an apostrophe: no formula
    if _PLAIN.fullmatch(digits) or _SMALL.fullmatch(digits):
        return Decimal(digits)
    if _GROUPED.fullmatch(digits):
        return Decimal(digits.replace(",", ""))
    if _GROUPED_BY_POINTS.fullmatch(digits):
        return Decimal(digits.replace(".", "").replace(",", "."))
    if _DECIMAL_COMMA.fullmatch(digits):
        return Decimal(digits.replace(",", "."))
    raise BadText(f"must be a number such as 45.5, not {shown(text)}")


def amount(text: str) -> Decimal | None:
    """The number in `text`; None where it is 0, for apps write that where they do not know. BadText below."""
    if not text:
        return None
    value = figure(text)
    if not value:
        return None
    if value < 0:
        raise BadText(f"must not be negative, and is {shown(text)}")
    return value


def seconds(text: str) -> Decimal | None:
    """The length of time in `HH:MM:SS`, `MM:SS` or `D days HH:MM:SS`; None where there is none or 0."""
    text = text.strip()
    match = _CLOCK.fullmatch(text)
    if match:
        days, hours, minutes, rest = match.groups(default="0")
        whole = (int(days) * 24 + int(hours)) * 3600 + int(minutes) * 60
        return whole + Decimal(rest.replace(",", ".")) or None
    if text.casefold() in _NOTHING or set(text) <= set("-:") or "NaN" in text:
        return None
    raise BadText(f"must be a length of time such as 01:05:30, not {shown(text)}")
