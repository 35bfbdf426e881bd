"""Which format a file is in, told by its content and never by its name."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from wotr_workers.imports import own, strava
from wotr_workers.imports.parsed import Entry, Format, Unrecognised, short
from wotr_workers.imports.rows import Line, lines, rows

FORMATS: tuple[Format, ...] = (own.FORMAT, strava.FORMAT)
_DELIMITERS = ",;\t"
_SHOWN = 200
# What packed files begin with, as a line's approximate text has it.
_PACKED = {"PK\x03\x04": "a ZIP archive or a spreadsheet", "\x1f\ufffd": "a gzip file"}


def recognised(chunks: Iterable[bytes]) -> tuple[Format, Iterator[Entry]]:
    """The format of the file in `chunks` and its entries; Unrecognised says what is wrong with the header."""
    source = lines(chunks)
    header = _first_line(source)
    for delimiter in _DELIMITERS:
        (texts,) = csv.reader([header.text], delimiter=delimiter)
        for known in FORMATS:
            reader = known.recognise(texts)
            if reader is not None:
                return known, reader(rows(source, delimiter))
    found = "".join(char if char.isprintable() else "?" for char in header.text.strip())
    found = found[:_SHOWN] + "…" * (len(found) > _SHOWN)
    raise Unrecognised(
        f"line {header.number} is not a header that we know. Found: {found} "
        f"Expected: {' or '.join(known.expects for known in FORMATS)}"
    )


def _first_line(source: Iterator[Line]) -> Line:
    for line in source:
        for beginning, packed in _PACKED.items():
            if line.text.startswith(beginning):
                raise Unrecognised(f"the file is {packed}: upload the CSV itself")
        if line.fault:
            raise Unrecognised(short(f"line {line.number}, where the header should be: {line.fault}"))
        if line.text.strip():
            return line
    raise Unrecognised("the file is empty")
