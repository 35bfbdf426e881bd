"""The state that data points put a CloudWatch alarm into.

Source: "Configuring how CloudWatch alarms treat missing data" in the CloudWatch user guide; its tables are
the tests of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"

# CloudWatch looks further back than the evaluation periods; by two in the tables of its user guide.
EXTRA_PERIODS = 2

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def next_state(
    points: Sequence[bool | None], *, periods: int, needed: int, missing: str, current: str
) -> str:
    """The state after ``points``, oldest first: breaching, not breaching, None where there is no data.

    ``needed`` of ``periods`` points must breach. ``missing`` is TreatMissingData; ``current`` is the state
    that is kept where data is to be ignored.
    """
    real = [point for point in points if point is not None]
    if len(real) >= periods:
        return ALARM if sum(real[-periods:]) >= needed else OK
    filled = periods - len(real) if missing == "breaching" else 0
    if sum(real) + filled >= needed:
        return ALARM
    if missing in ("breaching", "notBreaching") or not all(real):
        return OK
    # What is left: nothing but breaches, and fewer than are needed.
    if missing == "ignore":
        return current
    return ALARM if real and len(points) - points.index(True) >= needed else UNKNOWN
