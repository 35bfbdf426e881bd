"""Header lines of real exports, and files of our own making below them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tests.unit.exports import text

FOLDER = Path(__file__).parent / "fixtures" / "headers"


def header_lines(app: str) -> list[str]:
    return (FOLDER / f"{app}.txt").read_text(encoding="utf-8").splitlines()


def below(line: str, *rows: Mapping[str, str], rest: str = "") -> bytes:
    """A file: the header `line` and a row for each of `rows`, which has values by column.

    The second column of a name is called NAME#2; columns of which a row says nothing hold `rest`.
    """
    (header,) = csv.reader([line])
    names = [
        f"{name}#{count}" if (count := header[: place + 1].count(name)) > 1 else name
        for place, name in enumerate(header)
    ]
    for row in rows:
        assert row.keys() <= set(names), row.keys() - set(names)
    return text([header, *([row.get(name, rest) for name in names] for row in rows)])
