"""Exports of our own making, in the shapes that real ones have."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from wotr_common.limits import Limits

LIMITS = Limits(
    frozenset(
        "run ride swim walk hike row ski skate strength yoga crossfit elliptical workout other".split()  # noqa: SIM905
    ),
    Decimal("0.1"),
    Decimal(43_200),
    1,
)
STRAVA = [
    "Activity ID",
    "Activity Date",
    "Activity Name",
    "Activity Type",
    "Activity Description",
    "Elapsed Time",
    "Distance",
    "Max Heart Rate",
    "Elapsed Time",
    "Moving Time",
    "Distance",
    "Average Heart Rate",
    "Calories",
    "Perceived Exertion",
    "Type",
]
STRAVA_RUN = {
    "Activity ID": "101",
    "Activity Date": "Oct 6, 2022, 11:19:20 PM",
    "Activity Name": "Night Run",
    "Activity Type": "Run",
    "Elapsed Time": "3700",
    "Distance": "10.02",
    "Elapsed Time.1": "3700.0",
    "Moving Time": "3600.0",
    "Distance.1": "10019.7",
    "Average Heart Rate": "151.3",
    "Calories": "640.0",
    "Perceived Exertion": "7.0",
}


def strava_row(header: Sequence[str] = STRAVA, **changes: str) -> list[str]:
    """A row below `header`; the second column of a name is called NAME.1 here, as pandas does."""
    values = STRAVA_RUN | {name.replace("_", " "): value for name, value in changes.items()}
    seen: dict[str, int] = {}
    row = []
    for name in header:
        seen[name] = seen.get(name, -1) + 1
        row.append(values.get(f"{name}.{seen[name]}" if seen[name] else name, ""))
    return row


def text(rows: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """Rows as a file."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()
