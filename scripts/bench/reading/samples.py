"""Files to read, the same bytes for the same number of rows: made-up athletes' histories, one after another.

One row in a thousand has a value that cannot be, so that every way has to find it.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

import strava_sample
import strong_sample

OWN_HEADER = [
    "type", "startedAt", "durationMin", "caloriesBurned", "distanceM", "avgHeartRate", "rpe", "intensity",
    "notes",
]  # fmt: skip
_ACTIVITIES = 1200  # of one athlete
_WORKOUTS = 400
_BAD_EVERY = 1000


def _strava() -> Iterator[list[str]]:
    for seed in count(1):
        yield from strava_sample.activities(_ACTIVITIES, seed)


def _strong() -> Iterator[list[str]]:
    for seed in count(1):
        yield from strong_sample.rows(_WORKOUTS, seed)


def _own() -> Iterator[list[str]]:
    column = {name: place for place, name in enumerate(strava_sample.HEADER)}  # the last of each name
    for row in _strava():
        date = datetime.strptime(row[column["Activity Date"]], "%b %d, %Y, %I:%M:%S %p").replace(tzinfo=UTC)
        sport = row[column["Activity Type"]].lower()
        yield [
            "strength" if sport == "weight training" else sport,
            date.isoformat().replace("+00:00", "Z"),
            f"{float(row[column['Moving Time']]) / 60:.2f}",
            row[column["Calories"]],
            row[column["Distance"]],
            row[column["Average Heart Rate"]],
            row[column["Perceived Exertion"]],
            "",
            row[column["Activity Name"]],
        ]


# sample: header, rows, the column that is spoilt now and then, and with what
_SAMPLES: dict[str, tuple[list[str], Callable[[], Iterator[list[str]]], str, str]] = {
    "own": (OWN_HEADER, _own, "avgHeartRate", "500"),
    "strava": (strava_sample.HEADER, _strava, "Average Heart Rate", "500"),
    "strong": (strong_sample.HEADER, _strong, "Reps", "877777"),
}
NAMES = tuple(_SAMPLES)


def write(sample: str, rows: int, path: Path) -> None:
    """Write a file of `rows` rows of `sample` below its header."""
    header, made, column, bad = _SAMPLES[sample]
    place = len(header) - 1 - header[::-1].index(column)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(_spoilt(islice(made(), rows), place, bad))


def _spoilt(rows: Iterable[list[str]], place: int, bad: str) -> Iterator[list[str]]:
    for number, row in enumerate(rows, 1):
        if number % _BAD_EVERY == 0:
            row[place] = bad
        yield row


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
