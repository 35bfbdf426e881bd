"""A Strong-shaped export of any size, the same bytes for the same arguments.

The comma variant without units, as most real files are: whoever imports it has to say kg or lb, and the zone.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO

HEADER = [
    "Date",
    "Workout Name",
    "Duration",
    "Exercise Name",
    "Set Order",
    "Weight",
    "Reps",
    "Distance",
    "Seconds",
    "Notes",
    "Workout Notes",
    "RPE",
]
FIRST_START = datetime(2024, 1, 1, 18, 0)  # noqa: DTZ001 - the app writes the clock's time without a zone

CYCLE = 40  # times that a workout gets heavier before its athlete begins anew: nobody does for ever

# workout: exercise, first weight in kg, gain in kg for each time it is trained
PLAN = {
    "Push": (
        ("Bench Press (Barbell)", 60.0, 0.5),
        ("Overhead Press (Barbell)", 35.0, 0.25),
        ("Triceps Dip (Assisted)", 30.0, -0.25),
    ),
    "Pull": (
        ("Deadlift (Barbell)", 90.0, 1.0),
        ("Bent Over Row (Barbell)", 50.0, 0.5),
        ("Pull Up", 0.0, 0.0),
    ),
    "Legs": (("Squat (Barbell)", 75.0, 0.75), ("Leg Press", 120.0, 1.5), ("Running", 0.0, 0.0)),
}


def rows(workouts: int, seed: int = 7) -> Iterator[list[str]]:
    """The rows of `workouts` workouts, oldest first."""
    chance = random.Random(seed)  # noqa: S311 - sample data, nothing secret
    start = FIRST_START
    for number in range(workouts):
        start += timedelta(days=chance.choice((1, 2, 2, 3)), minutes=chance.randint(-40, 40))
        name = list(PLAN)[number % len(PLAN)]
        yield from _workout(chance, start, name, number // len(PLAN) % CYCLE)


def _workout(chance: random.Random, start: datetime, name: str, times: int) -> Iterator[list[str]]:
    minutes = chance.randint(48, 85)
    head = [
        f"{start:%Y-%m-%d %H:%M:%S}",
        name,
        f"{minutes // 60}h {minutes % 60}m" if minutes >= 60 else f"{minutes}m",
    ]
    for exercise, first, gain in PLAN[name]:
        if exercise == "Running":
            yield [*head, exercise, "1", "0.0", "0", "2.5", str(chance.randint(780, 900)), "", "", ""]
            continue
        weight = round((first + gain * times) / 1.25) * 1.25
        if weight > 40:
            yield [*head, exercise, "W", str(weight / 2), "8.0", "0", "0.0", "", "", ""]
        for order in range(1, 5):
            reps = chance.randint(5, 8) if weight else chance.randint(6, 14)
            rpe = chance.choice(("", "7.5", "8.0", "9.0", "9.5"))
            yield [*head, exercise, str(order), str(weight), f"{reps}.0", "0", "0.0", "", "", rpe]


def write(workouts: int, out: IO[str], seed: int = 7) -> None:
    """Write header and the rows of `workouts` workouts to `out` (open it with newline='')."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows(workouts, seed))


def main() -> None:
    """Print a sample file."""
    parser = argparse.ArgumentParser(
        description="Print a Strong-shaped export, the same for the same options."
    )
    parser.add_argument("--workouts", type=int, default=100, help="workouts in it (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another history")
    options = parser.parse_args()
    write(options.workouts, sys.stdout, options.seed)


if __name__ == "__main__":
    main()
