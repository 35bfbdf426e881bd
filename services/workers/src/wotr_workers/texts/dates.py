"""Dates and times in the spellings that exports have them, months in the languages that apps speak."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from wotr_workers.texts.values import BadText, shown

# By the first letters, without accents. English, Dutch, German, French, Spanish, Italian, Portuguese,
# Scandinavian and Hungarian, then what Polish, Turkish, Indonesian and Russian add; `juin` and `juil` need a
# fourth letter.
_MONTHS = {
    beginning: number
    for number, beginnings in enumerate(
        (
            "jan ene gen sty oca янв",
            "feb fev lut sub фев",
            "mar mrt maa мар",
            "apr avr abr kwi nis апр",
            "may mei mai mag maj мая маи",
            "jun juin giu cze haz июн",
            "jul juil lug lip tem июл",
            "aug ago aou sie agu авг",
            "sep set sze wrz eyl сен",
            "oct okt ott out paz eki окт",
            "nov lis kas ноя",
            "dec des dez dic gru ara дек",
        ),
        start=1,
    )
    for beginning in beginnings.split()
}
_WORD = r"(?P<word>[^\W\d_]{3,})\.?"
_DAYS = tuple(
    re.compile(spelling)
    for spelling in (
        rf"{_WORD}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})\.?\s+(?:de\s+)?{_WORD},?\s+(?:de\s+)?(?P<year>\d{{4}})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})\.?",
        r"(?P<year>\d{4})[年년.]\s?(?P<month>\d{1,2})[月월.]\s?(?P<day>\d{1,2})[日일.]",
        r"(?P<one>\d{1,2})[/-](?P<two>\d{1,2})[/-](?P<year>\d{4})",
    )
)
_MOMENT = re.compile(
    r"(?P<day>\S.{5,30}?)(?:T|,?\s+(?:(?:at|um|kl\.?|om|alle|às|as|a las|à|o)\s+)?)"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:\.\d+)?)?"
    r"(?:\s*(?P<half>[AaPp])\.?\s?[Mm]\.?)?"
)
# The commonest by far, told with one look.
_USUAL = re.compile(r"([A-Za-z]{3} \d{1,2}, \d{4}), (\d{1,2}):(\d{2}):(\d{2}) ([AP])M", re.ASCII)
_OFFSET = re.compile(r"(?<=[\dMm.])\s*(?:Z|UTC|GMT|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))$")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}( ?[+-]\d{4})?", re.ASCII)
_KEPT = 4096  # days and words for months that are remembered: neighbouring rows share them


@lru_cache(_KEPT)
def month(word: str) -> int | None:
    """The number of the month that `word` names or shortens, None where it names none."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", word.casefold()) if char.isalpha())
    return _MONTHS.get(bare[:4]) or _MONTHS.get(bare[:3])


def moment(text: str) -> datetime:
    """The time in `text`: with its offset where it says one, else on whatever clock is meant.

    BadText where it says none, or where day and month cannot be told apart.
    """
    text = text.strip()
    if _ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(text[:19] + text[19:].lstrip())
        except ValueError:
            raise BadText(f"is no time that exists: {shown(text)}") from None
    usual = _USUAL.fullmatch(text)
    if usual:
        return _at(text, usual.groups())
    offset = _OFFSET.search(text)
    local = _local(text[: offset.start()] if offset else text)
    return local.replace(tzinfo=_zone(offset)) if offset else local


def _local(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise BadText(f"must be a time such as 2022-10-06 23:19:20, not {shown(text)}")
    return _at(text, match.groups())


def _at(text: str, parts: Sequence[str | Any]) -> datetime:
    said, hour, minute, second, half = parts
    hours = int(hour) % 12 + 12 * (half in "pP") if half else int(hour)
    try:
        return datetime(*day(said), hours, int(minute), int(second or 0))  # noqa: DTZ001 - on whatever clock
    except ValueError:
        raise BadText(f"is no time that exists: {shown(text)}") from None


@lru_cache(_KEPT)
def day(text: str) -> tuple[int, int, int]:
    """Year, month and day of `text`, whether or not there is such a day; BadText."""
    match = next(filter(None, (spelling.fullmatch(text) for spelling in _DAYS)), None)
    said = match.groupdict() if match else {}
    number: int | None
    if "one" in said:
        number, of_month = _told_apart(int(said["one"]), int(said["two"]), text)
    else:
        number = month(said["word"]) if "word" in said else int(said.get("month", 0))
        of_month = int(said.get("day", 0))
    if not number:
        raise BadText(f"must be a time such as 2022-10-06 23:19:20, not one of {shown(text)}")
    return int(said["year"]), number, of_month


def _told_apart(one: int, two: int, text: str) -> tuple[int, int]:
    """Month and day of `one/two`, which some write day first and others month first."""
    if one == two or one <= 12 < two:
        return one, two
    if two <= 12 < one:
        return two, one
    raise BadText(
        f"may be read with the day or the month first: {shown(text)}; save it as 2022-10-06 23:19:20"
    )


def _zone(offset: re.Match[str]) -> timezone:
    if not offset["sign"]:
        return UTC
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
    if ahead >= timedelta(days=1):
        raise BadText(f"is no offset from UTC: {shown(offset[0])}")
    return timezone(ahead if offset["sign"] == "+" else -ahead)
