"""What a format's reader makes of rows, and how a format says that a file is its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from wotr_common.workout import Source
from wotr_workers.imports.rows import Row

_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class ParsedWorkout:
    """A workout as its row says it; `fields` are those of WorkoutFields by their outside names."""

    line: int
    fields: dict[str, object]
    source_id: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is not stored: its line, the field that is wrong (empty: the row as a whole), and why."""

    line: int
    field: str
    reason: str


Entry = ParsedWorkout | SetAside
Reader = Callable[[Iterable[Row]], Iterator[Entry]]


@dataclass(frozen=True, slots=True)
class Format:
    """An export format.

    `recognise` makes a reader where a header is the format's own and returns None where it is not; it raises
    Unrecognised where it is nearly so. `expects` describes the header to a person.
    """

    name: str
    source: Source
    expects: str
    recognise: Callable[[Sequence[str]], Reader | None]


class Unrecognised(Exception):
    """The file cannot be read in any format; the message says what was found and what is expected."""


class BadText(Exception):
    """A field's text does not say what it should; the message says why."""


def number(text: str) -> Decimal | None:
    """The plain decimal number in `text`, None where it is blank; BadText where it is something else."""
    text = text.strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadText(f"must be a number such as 45.5, not {shown(text)}")
    return Decimal(text)


def shown(text: str) -> str:
    """`text` as a message can hold it: quoted, short, printable."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


def short(reason: str) -> str:
    """`reason` cut to what an import keeps of it."""
    return reason if len(reason) <= _LONGEST else reason[: _LONGEST - 1] + "…"
