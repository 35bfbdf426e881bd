"""The rows of a delimited text, each with the line on which it begins.

A row that cannot be read is one `Broken`, and the next row goes on. The csv module does the splitting into
fields; what is ours is that it never sees a whole file, an endless row or undecodable bytes, and that a row
with broken quotes does not swallow the rows below it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wotr_workers.texts.lines import LINE_ENDS, MAX_ROW, Line, Lines

_PATIENCE = 16 * MAX_ROW  # bytes that may be read a second time because quotes are broken

csv.field_size_limit(MAX_ROW)


class Fields(NamedTuple):
    """One row's texts and the line, from 1, on which it begins."""

    line: int
    texts: list[str]


class Broken(NamedTuple):
    """A row that cannot be read, and why.

    `texts` are those of its first line if the quotes inside of them are meant, as in `"8 x 20"/40" easy",5`:
    some apps do not double them. Whether that is so, only their number tells who knows the columns.
    """

    line: int
    reason: str
    texts: list[str] | None = None


Row = Fields | Broken


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is not stored: its line, the field that is wrong (empty: the row as a whole), and why."""

    line: int
    field: str
    reason: str


def rows(lines: Lines, delimiter: str) -> Iterator[Row]:
    """The rows of `lines`; those without any text are left out.

    Where a file ends within a row that has fewer fields than the one above it, the row was cut off: what is
    left of its last field may be 1 of 100, and no reader could tell.
    """
    singly = _Singly(lines, delimiter)
    width = 0
    while True:
        together = lines.together()
        if together is not None:
            number, text = together
            if text.endswith(LINE_ENDS):
                width = yield from _rows_together(number, text, lines, delimiter, width)
            else:
                lines.again(number)  # the last line, which has no end: its row is looked at more closely
            continue
        try:
            row = singly.next(width)
        except StopIteration:
            return
        if row is not None:
            yield row
        if isinstance(row, Fields):
            width = len(row.texts)


def undivided(lines: Lines) -> Iterator[Row]:
    """The lines as rows of one text each; those without any text are left out."""
    while line := lines.next():
        if line.fault:
            yield Broken(line.number, line.fault)
        elif text := line.text.strip():
            yield Fields(line.number, [text])


def _rows_together(
    first: int, text: str, lines: Lines, delimiter: str, width: int
) -> Generator[Row, None, int]:
    """The rows of lines that came together, up to the first whose quotes are broken or close below them.

    Returns how many fields the last of them has, `width` where there is none.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = first
    last: Sequence[str] | None = None
    try:
        for texts in reader:
            if texts and (texts[0].strip() or any(map(str.strip, texts))):
                yield Fields(number, texts)
                last = texts
            number = first + reader.line_num
    except csv.Error:
        lines.again(number)
    return width if last is None else len(last)


class _Singly:
    """Rows of lines that come one by one."""

    def __init__(self, lines: Lines, delimiter: str) -> None:
        self._feed = _Feed(lines)
        self._delimiter = delimiter
        # Strict: a quote that stays open ends at the next, often rows later; what follows gives that away.
        self._reader = csv.reader(self._feed, delimiter=delimiter, strict=True)

    def next(self, width: int) -> Row | None:
        """The next row, None for one without any text; StopIteration at the end.

        The row above it has `width` fields.
        """
        feed = self._feed
        feed.begin()
        try:
            texts = next(self._reader)
        except _Endless:
            return Broken(feed.first, feed.give_back(f"is longer than {MAX_ROW >> 20} MiB"))
        except csv.Error:
            # MAX_ROW bytes cannot exceed the csv module's own limit: only quotes are left to be wrong.
            fault = "does not end before the file does" if feed.unfinished else "is followed by more text"
            meant = None if feed.fault else _as_meant(feed.text, self._delimiter)
            return Broken(feed.first, feed.give_back(fault), meant)
        if feed.fault:
            return Broken(feed.first, feed.fault)
        if feed.cut_off and 1 < len(texts) < width:
            return Broken(feed.first, "the file ends within this row: was it cut off?")
        return Fields(feed.first, texts) if any(map(str.strip, texts)) else None


def _as_meant(line: str, delimiter: str) -> list[str]:
    """The texts of one line where a quote ends a field only before a delimiter or at the line's end.

    In one go over the line, for one can be made in which every field opens a quote.
    """
    line = line.rstrip("\r\n") + delimiter
    texts: list[str] = []
    at = closed = 0
    while at < len(line):
        if line[at] == '"' and closed >= 0:
            closed = line.find(f'"{delimiter}', at + 1)
        quoted = line[at] == '"' and closed >= 0
        end = closed if quoted else line.find(delimiter, at)
        texts.append(line[at + quoted : end])
        at = end + quoted + len(delimiter)
    return texts


class _Endless(Exception):
    """The row under construction is longer than MAX_ROW."""


class _Feed:
    """Lines for the csv module, one row at a time."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._taken: list[Line] = []
        self._size = 0
        self._patience = _PATIENCE
        self.unfinished = False

    def begin(self) -> None:
        """The row before is done."""
        self._taken.clear()
        self._size = 0
        self.unfinished = False

    def give_back(self, what: str) -> str:
        """Leave all lines of this row but its first to later rows; returns the reason.

        Not without end: a file can be made so that each of its lines opens a quote that never closes.
        """
        if self._patience <= 0:
            return f"lines {self.first} to {self._taken[-1].number}: a quoted field {what}; quotes are broken"
        self._patience -= self._size
        self._lines.put_back(self._taken[1:])
        return f"a quoted field {what}: is a quote missing, or one inside a text not doubled?"

    @property
    def first(self) -> int:
        """Number of the row's first line."""
        return self._taken[0].number

    @property
    def text(self) -> str:
        """The row's first line."""
        return self._taken[0].text

    @property
    def cut_off(self) -> bool:
        """Whether the file ends with the row, without an end of its line."""
        return not self._taken[-1].text.endswith(LINE_ENDS)

    @property
    def fault(self) -> str:
        """What is wrong with the first bad line of the row, empty if none is."""
        return next((line.fault for line in self._taken if line.fault), "")

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._lines.next()
        if line is None:
            self.unfinished = bool(self._taken)
            raise StopIteration
        self._taken.append(line)
        self._size += line.size
        if self._size > MAX_ROW and len(self._taken) > 1:
            raise _Endless
        return line.text
