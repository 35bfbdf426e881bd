"""Dates and times in the spellings that exports have them, months in the languages that apps speak."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

from wotr_workers.imports.parsed import BadText, shown

# By the first letters, without accents. English, Dutch, German, French, Spanish, Italian, Portuguese,
# Scandinavian and Hungarian, then what Polish adds; `juin` and `juil` need a fourth letter.
_MONTHS = {
    beginning: number
    for number, beginnings in enumerate(
        (
            "jan ene gen sty",
            "feb fev lut",
            "mar mrt maa",
            "apr avr abr kwi",
            "may mei mai mag maj",
            "jun juin giu cze",
            "jul juil lug lip",
            "aug ago aou sie",
            "sep set sze wrz",
            "oct okt ott out paz",
            "nov lis",
            "dec des dez dic gru",
        ),
        start=1,
    )
    for beginning in beginnings.split()
}
_TIME = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:\.\d+)?)?"
    r"(?:\s*(?P<half>[AaPp])\.?\s?[Mm]\.?)?"
)
_WORD = r"(?P<word>[^\W\d_]{3,})\.?"
_AND = r",?\s+(?:(?:at|um|kl\.?|om|alle|às|as|a las|à|o)\s+)?"
_SPELLINGS = tuple(
    re.compile(date + _TIME)
    for date in (
        rf"{_WORD}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}){_AND}",
        rf"(?P<day>\d{{1,2}})\.?\s+(?:de\s+)?{_WORD},?\s+(?:de\s+)?(?P<year>\d{{4}}){_AND}",
        rf"(?P<day>\d{{1,2}})[.](?P<month>\d{{1,2}})[.](?P<year>\d{{4}}){_AND}",
        rf"(?P<year>\d{{4}})[/.-](?P<month>\d{{1,2}})[/.-](?P<day>\d{{1,2}})(?:T|\.?{_AND})",
    )
)
_SLASHED = re.compile(rf"(?P<one>\d{{1,2}})[/-](?P<two>\d{{1,2}})[/-](?P<year>\d{{4}}){_AND}{_TIME}")
_OFFSET = re.compile(r"(?<=[\dMm.])\s*(?:Z|UTC|GMT|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))$")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}", re.ASCII)


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
            return datetime.fromisoformat(text)
        except ValueError:
            raise BadText(f"is no time that exists: {shown(text)}") from None
    offset = _OFFSET.search(text)
    local = _local(text[: offset.start()] if offset else text)
    return local.replace(tzinfo=_zone(offset)) if offset else local


def _local(text: str) -> datetime:
    match = next(filter(None, (spelling.fullmatch(text) for spelling in _SPELLINGS)), None)
    if match:
        parts = match.groupdict()
        number = month(parts["word"]) if "word" in parts else int(parts["month"])
        day = int(parts["day"])
    else:
        match = _SLASHED.fullmatch(text)
        number, day = _told_apart(int(match["one"]), int(match["two"]), text) if match else (None, 0)
    if not match or not number:
        raise BadText(f"must be a time such as 2022-10-06 23:19:20, not {shown(text)}")
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"] in "pP")
    try:
        date = datetime(int(match["year"]), number, day)  # noqa: DTZ001 - on whatever clock is meant
        return date.replace(hour=hour, minute=int(match["minute"]), second=int(match["second"] or 0))
    except ValueError:
        raise BadText(f"is no time that exists: {shown(text)}") from None


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
