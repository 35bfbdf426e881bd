"""Rows a second of reading and checking exports, and the memory it takes: our readers beside two other ways.

The same work is done by csv.DictReader with one pydantic model per row, and by pandas on whole columns. Each
figure is of a fresh process: CPU seconds of the work alone, and how far its memory rose above that of an
interpreter that imported the same modules. The aims are three times the rows of the pydantic way, and 128 MB.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.reading import samples
from rich.console import Console
from rich.table import Table

SIZES = (10_000, 100_000, 1_000_000)
WAYS = {"ours": "ours", "plain": "DictReader + pydantic", "with_pandas": "pandas"}
MB = 1_000_000


class Unequal(Exception):
    """Two ways came to different ends."""


@dataclass(frozen=True)
class Measured:
    """What one process took; `peak` in bytes."""

    rows: int
    set_aside: int
    seconds: float
    peak: int


def run(way: str, *work: str) -> Measured:
    """One process of `way`; without `work` it only imports."""
    command = [sys.executable, "-m", "bench.reading.measure", way, *work]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return Measured(**json.loads(answer))


def compared(sample: str, path: Path, bare: dict[str, Measured]) -> list[list[str]]:
    """The table's rows of one file; Unequal where the ways differ in what they found."""
    found = {way: run(way, sample, str(path)) for way in WAYS}
    ends = {way: (each.rows, each.set_aside) for way, each in found.items()}
    if len(set(ends.values())) > 1:
        raise Unequal(f"{sample}: rows and rows set aside differ: {ends}")
    ours = found["ours"]
    return [
        [
            sample,
            f"{each.rows:,}",
            name,
            f"{each.rows / each.seconds:,.0f}",
            f"{each.seconds / ours.seconds:.2f}",
            f"{(each.peak - bare[way].peak) / MB:.0f}",
        ]
        for way, name in WAYS.items()
        for each in (found[way],)
    ]


def main() -> int:
    """Measure every sample in every size; 0 unless the ways disagree: a figure is not a test."""
    parser = argparse.ArgumentParser(description="Rows a second and peak memory of reading exports.")
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="sizes of the files")
    parser.add_argument("--samples", nargs="+", choices=samples.NAMES, default=samples.NAMES)
    options = parser.parse_args()
    table = Table(
        "file", "rows", "way", "rows/s", "our speed is", "MB", title="reading and checking, CPU time"
    )
    bare = {way: run(way) for way in WAYS}
    with tempfile.TemporaryDirectory() as place:
        for sample in options.samples:
            for rows in options.rows:
                print(f"{sample}, {rows:,} rows", file=sys.stderr, flush=True)
                path = Path(place) / "export.csv"
                writing = [sys.executable, "-m", "bench.reading.samples", sample, str(rows), str(path)]
                subprocess.run(writing, check=True)
                for line in compared(sample, path, bare):
                    table.add_row(*line)
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
