"""Files of sets of our own making, and what an import reads in them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.unit.headers import below

from wotr_common.session import TrainingSet
from wotr_workers.formats.detect import opened
from wotr_workers.formats.parsed import Asked, Entry, ParsedSession, Remark, Settings
from wotr_workers.texts.rows import SetAside
from wotr_workers.texts.sets import Question

BERLIN = ZoneInfo("Europe/Berlin")
SAID = Settings("kg", "km", BERLIN)


def read(content: bytes, settings: Settings = SAID) -> list[Entry]:
    """The entries of a file, surveyed as an import surveys it."""
    survey = opened([content]).layout.survey
    if survey is not None:
        settings = survey(opened([content]).rows, settings)
    file = opened([content])
    return list(file.layout.read(file.rows, settings))


def question(content: bytes, settings: Settings) -> Question:
    """What a file asks first."""
    try:
        read(content, settings)
    except Asked as asked:
        return asked.question
    raise AssertionError("nothing was asked")


def sessions(entries: list[Entry]) -> list[ParsedSession]:
    assert not [each for each in entries if isinstance(each, SetAside)], entries
    return [each for each in entries if isinstance(each, ParsedSession)]


def only_session(content: bytes, settings: Settings = SAID) -> ParsedSession:
    (session,) = sessions(read(content, settings))
    return session


def sets(content: bytes, settings: Settings = SAID) -> list[TrainingSet]:
    """All sets of a file in which no row is set aside."""
    return [each.training_set for session in sessions(read(content, settings)) for each in session.sets]


def only_set(line: str, row: Mapping[str, str], settings: Settings = SAID) -> TrainingSet:
    """The set of a file with the header `line` and one row."""
    (found,) = sets(below(line, row), settings)
    return found


def set_aside(line: str, row: Mapping[str, str], settings: Settings = SAID) -> SetAside:
    """Why the only row below the header `line` is no set."""
    (found,) = read(below(line, row), settings)
    assert isinstance(found, SetAside), found
    return found


def remarks(entries: list[Entry]) -> list[int]:
    """The lines of rows that carry no set."""
    return [each.line for each in entries if isinstance(each, Remark)]


def kilograms(found: list[TrainingSet]) -> list[Decimal | None]:
    return [each.weight_kg for each in found]
