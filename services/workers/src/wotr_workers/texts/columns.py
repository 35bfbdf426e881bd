"""Which column of an export is which: names told apart as a person would, in any of their spellings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from wotr_workers.texts.rows import Fields, Row, SetAside
from wotr_workers.texts.values import BadText

_TAG = re.compile(r"<[^<>]*>")
_UNTRANSLATED = re.compile(r"^translation missing: .*\.")
_BETWEEN = re.compile(r"[._\s]+")
_REPEATED = re.compile(
    r" \d+$"
)  # how pandas and R tell repeated names apart: Distance.1, Distance_1, Distance...7


def plain(name: str) -> str:
    """A column's name without letter case, markup, points and the number of its repetition."""
    text = unicodedata.normalize("NFC", _TAG.sub("", name)).replace("\u2019", "'").replace("\ufeff", "")
    text = _UNTRANSLATED.sub("", text.strip().casefold())
    return _REPEATED.sub("", _BETWEEN.sub(" ", text).strip())


def spelled(names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The plain spellings of each thing; `names` has them divided by |, those to be preferred first."""
    return {wanted: tuple(map(plain, spellings.split("|"))) for wanted, spellings in names.items()}


def first_places(header: Sequence[str], spellings: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Where each thing stands first in a header of plain names; what is not there is left out."""
    return {
        wanted: header.index(name)
        for wanted, known in spellings.items()
        if (name := next((each for each in known if each in header), None)) is not None
    }


def last_places(header: Sequence[str], spellings: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Where each thing stands last; see `first_places`."""
    end = len(header) - 1
    return {wanted: end - place for wanted, place in first_places(header[::-1], spellings).items()}


def width(header: Sequence[str]) -> int:
    """How many columns have a name: spreadsheets end every row, the header too, with delimiters to spare."""
    return max((place for place, text in enumerate(header, 1) if text.strip()), default=0)


def fitting(row: Row, columns: int) -> Fields | SetAside:
    """The row where it belongs to a header of that many columns, mended if need be, else why it does not."""
    if isinstance(row, Fields):
        reason = misfit(row.texts, columns)
        return row if reason is None else SetAside(row.line, "", reason)
    if row.texts is not None and misfit(row.texts, columns) is None:
        return Fields(row.line, row.texts)
    return SetAside(row.line, "", row.reason)


def misfit(texts: Sequence[str], columns: int) -> str | None:
    """Why a row of `texts` cannot belong to a header of that many columns; None where it can."""
    count = len(texts)
    if count == columns or (count > columns and not any(map(str.strip, texts[columns:]))):
        return None
    return f"has {count} fields, the header {columns}: is a quote missing?"


class BadField(Exception):
    """The field at `place` of a row does not say what it should; the message says why."""

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(reason)
        self.place = place


def numbers(
    read: Callable[[str], Decimal | None], texts: Sequence[str], places: Iterable[tuple[str, int]]
) -> dict[str, Decimal]:
    """What `read` makes of the text at each place, by what it is of; BadField where it cannot."""
    found = {}
    for thing, place in places:
        try:
            value = read(texts[place])
        except BadText as error:
            raise BadField(place, str(error)) from None
        if value is not None:
            found[thing] = value
    return found
