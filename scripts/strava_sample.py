"""A Strava-shaped `activities.csv` of any size, the same bytes for the same arguments.

The demo, the benchmarks and the black-box tests need a history that looks like a real one; nobody's real
history belongs in a repository. Column names and spellings follow Strava's export; the athlete is made up.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import IO

HEADER = [
    "Activity ID",
    "Activity Date",
    "Activity Name",
    "Activity Type",
    "Activity Description",
    "Elapsed Time",
    "Distance",
    "Max Heart Rate",
    "Relative Effort",
    "Commute",
    "Activity Gear",
    "Filename",
    "Athlete Weight",
    "Bike Weight",
    "Elapsed Time",
    "Moving Time",
    "Distance",
    "Max Speed",
    "Average Speed",
    "Elevation Gain",
    "Max Heart Rate",
    "Average Heart Rate",
    "Calories",
    "Relative Effort",
    "Perceived Exertion",
    "Commute",
]
FIRST_START = datetime(2019, 1, 2, 6, 0, tzinfo=UTC)

# type, share, minutes (mean, spread), km/h (mean, spread), kcal per minute
SPORTS = (
    ("Run", 45, (48, 18), (10.4, 1.2), 11),
    ("Ride", 35, (85, 40), (25.0, 3.5), 9),
    ("Hike", 8, (150, 60), (4.2, 0.5), 6),
    ("Swim", 7, (38, 9), (2.6, 0.3), 9),
    ("Weight Training", 5, (55, 12), (0.0, 0.0), 6),
)


def activities(rows: int, seed: int = 7) -> Iterator[list[str]]:
    """`rows` records in Strava's columns, oldest first, each with its own start."""
    chance = random.Random(seed)  # noqa: S311 - sample data, nothing secret
    start = FIRST_START
    for number in range(rows):
        start += timedelta(
            hours=chance.randint(9, 60), minutes=chance.randint(0, 59), seconds=chance.randint(0, 59)
        )
        yield _activity(chance, 9_000_000_000 + number * 37, start)


def _activity(chance: random.Random, activity_id: int, start: datetime) -> list[str]:
    sport, _, minutes, speed, kcal = chance.choices(SPORTS, weights=[share for _, share, *_ in SPORTS])[0]
    moving_s = max(300, round(chance.gauss(*minutes) * 60))
    elapsed_s = moving_s + chance.choice((0, 0, 15, 90, 400))
    kmh = max(0.0, chance.gauss(*speed))
    metres = round(kmh * moving_s / 3.6, 1)
    # The first Distance is what the app shows: kilometres, but metres for a swim.
    shown = f"{metres if sport == 'Swim' else metres / 1000:.2f}"
    heart_rate = str(round(chance.gauss(142, 9))) if chance.random() < 0.7 else ""
    effort = str(chance.randint(2, 9)) if chance.random() < 0.2 else ""
    description = "Felt strong,\nnegative split" if chance.random() < 0.05 else ""
    hour = start.hour
    part = "Morning" if hour < 11 else "Lunch" if hour < 14 else "Afternoon" if hour < 18 else "Evening"
    date = f"{start:%b} {start.day}, {start.year}, {start.hour % 12 or 12}:{start:%M:%S %p}"
    kilocalories = str(round(moving_s / 60 * kcal, 1))
    return [
        str(activity_id), date, f"{part} {sport}", sport, description, str(elapsed_s), shown, heart_rate, "",
        "false", "", f"activities/{activity_id}.fit.gz", "70.0", "", f"{elapsed_s}.0", f"{moving_s}.0",
        str(metres), "", "", "", heart_rate, heart_rate, kilocalories, "", effort, "0.0",
    ]  # fmt: skip


def write(rows: int, out: IO[str], seed: int = 7) -> None:
    """Write header and `rows` records to `out` (open it with newline='')."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(activities(rows, seed))


def main() -> None:
    """Print a sample file."""
    parser = argparse.ArgumentParser(
        description="Print a Strava-shaped activities.csv, the same for the same options."
    )
    parser.add_argument("--rows", type=int, default=1200, help="activities in the file (default %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=7, help="another seed, another history (default %(default)s)"
    )
    options = parser.parse_args()
    write(options.rows, sys.stdout, options.seed)


if __name__ == "__main__":
    main()
