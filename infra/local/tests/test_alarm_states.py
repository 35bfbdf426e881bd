"""Alarm states, by the tables of the CloudWatch user guide on how alarms treat missing data."""

from __future__ import annotations

import pytest

from localcloud.alarm_states import next_state

POINTS = {"0": False, "X": True, "-": None}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
KEPT = "kept"
UNKNOWN = "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("row", "states"),
    [
        ("0 - X - X", ("OK", "OK", "OK", "OK")),
        ("0 - - - -", ("OK", "OK", "OK", "OK")),
        ("- - - - -", (UNKNOWN, KEPT, "ALARM", "OK")),
        ("0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - - - X", (UNKNOWN, KEPT, "ALARM", "OK")),
        ("X - - - -", ("ALARM", KEPT, "ALARM", "OK")),
    ],
)
def test_three_of_three(row: str, states: tuple[str, ...]) -> None:
    assert judged(row, needed=3) == states


@pytest.mark.parametrize(
    ("row", "states"),
    [
        ("0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", ("OK", "OK", "ALARM", "OK")),
        ("- - - - X", (UNKNOWN, KEPT, "ALARM", "OK")),
    ],
)
def test_two_of_three(row: str, states: tuple[str, ...]) -> None:
    assert judged(row, needed=2) == states


def judged(row: str, needed: int) -> tuple[str, ...]:
    points = [POINTS[point] for point in row.split()]
    return tuple(
        next_state(points, periods=3, needed=needed, missing=treatment, current=KEPT)
        for treatment in TREATMENTS
    )
