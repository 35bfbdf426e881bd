"""Which format a file is in, told by its content and never by its name."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from wotr_workers.formats import apple_health, fitnotes, garmin, hevy, jefit, own, strava, strong
from wotr_workers.formats.parsed import Format, Layout, Unrecognised
from wotr_workers.texts.lines import Line, Lines
from wotr_workers.texts.rows import Row, rows, undivided
from wotr_workers.texts.values import short

FORMATS: tuple[Format, ...] = (
    own.FORMAT,
    strava.FORMAT,
    strong.FORMAT,
    hevy.FORMAT,
    fitnotes.FORMAT,
    garmin.FORMAT,
    apple_health.FORMAT,
    jefit.FORMAT,
)
_DELIMITERS = ",;\t|"
_SHOWN = 200
# Of real exports the longest header has 1,430 characters; where there is none, a first row has notes in it.
_LONGEST = 1 << 15
_LONGEST_NAME = 256  # what is behind tells no column from another, and costs each pattern its time
# What packed files begin with, as a line's approximate text has it.
_PACKED = {"PK\x03\x04": "a ZIP archive or a spreadsheet", "\x1f\ufffd": "a gzip file"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose format is known. `rows` are those that its layout reads, once."""

    format: Format
    layout: Layout
    rows: Iterator[Row]


def opened(chunks: Iterable[bytes]) -> Opened:
    """The file in `chunks`; Unrecognised says what is wrong with its first line.

    The first line that holds any text is shown to each format, divided by each delimiter.
    """
    lines = Lines(chunks)
    first = _first_line(lines)
    for texts, divided in _divisions(first):
        for known in FORMATS:
            layout = known.recognise(texts)
            if layout is not None:
                if layout.headerless:
                    lines.put_back([first])
                return Opened(known, layout, divided(lines))
    found = "".join(char if char.isprintable() else "?" for char in first.text.strip())
    found = found[:_SHOWN] + "…" * (len(found) > _SHOWN)
    raise Unrecognised(
        f"line {first.number} is not a header that we know. Found: {found} "
        f"Expected: {' or '.join(known.expects for known in FORMATS)}"
    )


def _divisions(first: Line) -> Iterator[tuple[list[str], Callable[[Lines], Iterator[Row]]]]:
    """The ways to divide lines into fields, and what each makes of the first; lines of JSON stay whole.

    There is none for a first line that is longer than any.
    """
    if len(first.text) > _LONGEST:
        return
    if first.text.lstrip().startswith("{"):
        yield [first.text.strip()], undivided
        return
    for delimiter in _DELIMITERS:
        (texts,) = csv.reader([first.text], delimiter=delimiter)
        yield [text[:_LONGEST_NAME] for text in texts], partial(rows, delimiter=delimiter)


def _first_line(lines: Lines) -> Line:
    while line := lines.next():
        for beginning, packed in _PACKED.items():
            if line.text.startswith(beginning):
                raise Unrecognised(f"the file is {packed}: upload the CSV itself")
        if line.fault:
            raise Unrecognised(short(f"line {line.number}, where the header should be: {line.fault}"))
        if line.text.strip():
            return line
    raise Unrecognised("the file is empty")
