"""An upload's bytes as rows: decoded and split as they stream in, with the line on which each row begins.

Memory is bounded by MAX_ROW whatever comes in. A row that cannot be read is one `Broken`, and the next row
goes on: files from the wild hold single bad bytes, and those must not cost their neighbours.

The csv module does the splitting into fields; what is ours is that it never sees a whole file, an endless row
or undecodable bytes.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

MAX_ROW = 1 << 20  # bytes; the largest rows of real exports have some ten thousand
_PATIENCE = 16 * MAX_ROW  # bytes that may be read a second time because quotes are broken
_HEAD = 4
_UNDECODABLE = "\udcff"  # cannot be encoded: marks the place in what is recoded

csv.field_size_limit(MAX_ROW)


class Fields(NamedTuple):
    """One row's texts and the line, from 1, on which it begins."""

    line: int
    texts: list[str]


class Broken(NamedTuple):
    """A row that cannot be read, and why."""

    line: int
    reason: str


Row = Fields | Broken


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line with its end; where `fault` says what is wrong, `text` is an approximation."""

    number: int
    text: str
    fault: str = ""
    size: int = 0


def lines(chunks: Iterable[bytes]) -> Iterator[Line]:
    """The physical lines of UTF-8 (with or without byte order mark) or UTF-16 (with one)."""
    for number, (content, whole) in enumerate(_split(_as_utf8(iter(chunks))), 1):
        if not whole:
            yield Line(number, "\n", f"the line is longer than {MAX_ROW >> 20} MiB", MAX_ROW)
            continue
        fault = ""
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            text = content.decode(errors="replace")
            fault = f"not valid text in UTF-8 (byte {error.start + 1} of the line): save the file as UTF-8"
        if "\0" in text:
            fault = "holds a NUL byte"
        yield Line(number, text, fault, len(content))


def rows(source: Iterable[Line], delimiter: str) -> Iterator[Row]:
    """The rows of `source`; those without any text are left out."""
    feed = _Feed(iter(source))
    # Strict: a quote that stays open ends at the next one, often rows later; what follows it gives that away.
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            texts = next(reader)
        except StopIteration:
            return
        except _Endless:
            yield Broken(feed.first, feed.give_back(f"is longer than {MAX_ROW >> 20} MiB"))
        except csv.Error:
            # MAX_ROW bytes cannot exceed the csv module's own limit: only quotes are left to be wrong.
            fault = "does not end before the file does" if feed.unfinished else "is followed by more text"
            yield Broken(feed.first, feed.give_back(fault))
        else:
            if feed.fault:
                yield Broken(feed.first, feed.fault)
            elif any(map(str.strip, texts)):
                yield Fields(feed.first, texts)


def undivided(source: Iterable[Line]) -> Iterator[Row]:
    """The lines of `source` as rows of one text; those without any text are left out."""
    for line in source:
        if line.fault:
            yield Broken(line.number, line.fault)
        elif text := line.text.strip():
            yield Fields(line.number, [text])


class _Endless(Exception):
    """The row under construction is longer than MAX_ROW."""


class _Feed:
    """Lines for the csv module, one row at a time."""

    def __init__(self, source: Iterator[Line]) -> None:
        self._source = source
        self._again: deque[Line] = deque()
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
        self._again.extendleft(reversed(self._taken[1:]))
        return f"a quoted field {what}: is a quote missing, or one inside a text not doubled?"

    @property
    def first(self) -> int:
        """Number of the row's first line."""
        return self._taken[0].number

    @property
    def fault(self) -> str:
        """What is wrong with the first bad line of the row, empty if none is."""
        return next((line.fault for line in self._taken if line.fault), "")

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._source, None)
        if line is None:
            self.unfinished = bool(self._taken)
            raise StopIteration
        self._taken.append(line)
        self._size += line.size
        if self._size > MAX_ROW and len(self._taken) > 1:
            raise _Endless
        return line.text


def _split(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines with their ends, and whether each is whole; of one longer than MAX_ROW only this fact is kept."""
    rest = b""
    overlong = False
    for chunk in chunks:
        # A CR at the very end may be half of a CRLF: it waits for the next chunk.
        *whole, rest = _ended(rest + chunk)
        for line in whole:
            yield line, not overlong and len(line) <= MAX_ROW
            overlong = False
        if len(rest) > MAX_ROW:
            overlong = True
            rest = rest[-1:]
    if rest:
        yield rest, not overlong


def _ended(content: bytes) -> list[bytes]:
    found = content.splitlines(keepends=True)
    return found if found and not found[-1].endswith(b"\n") else [*found, b""]


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    if head.startswith(codecs.BOM_UTF8):
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from chunks
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _recoded(chain([head], chunks), "utf-16")
    else:
        yield head
        yield from chunks


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-8 in which whatever was undecodable is undecodable again, so that it is found in its row."""
    decoder = codecs.getincrementaldecoder(encoding)("wotr.mark")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="surrogatepass")
    yield decoder.decode(b"", final=True).encode(errors="surrogatepass")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _UNDECODABLE, error.end


codecs.register_error("wotr.mark", _mark)
