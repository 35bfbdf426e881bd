"""One day in sums: everybody's workouts, by type and by source. Plain functions, no AWS.

The same workouts give the same bytes, whenever and in whatever order they are read: no time of making is in
them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

VERSION = 1


class Done(NamedTuple):
    """What one workout says to a summary: minutes, kilocalories, metres; None where it does not say."""

    user_id: str
    type: str
    source: str
    minutes: Decimal | None = None
    calories: Decimal | None = None
    distance_m: Decimal | None = None


class Sums:
    """Running sums over workouts. Memory grows with the athletes among them, not with the workouts."""

    __slots__ = ("_athletes", "_calories", "_distance_m", "_minutes", "_workouts")

    def __init__(self) -> None:
        self._workouts = 0
        self._athletes: set[str] = set()
        self._minutes = self._calories = self._distance_m = Decimal(0)

    def add(self, done: Done) -> None:
        """Count one workout."""
        self._workouts += 1
        self._athletes.add(done.user_id)
        self._minutes += done.minutes or 0
        self._calories += done.calories or 0
        self._distance_m += done.distance_m or 0

    def said(self) -> dict[str, int | float]:
        """The sums as a report says them: minutes, kcal, metres."""
        return {
            "workouts": self._workouts,
            "athletes": len(self._athletes),
            "minutes": _number(self._minutes),
            "calories": _number(self._calories),
            "distanceM": _number(self._distance_m),
        }


def report(day: date, workouts: Iterable[Done]) -> dict[str, Any]:
    """The report of `day` (UTC) over its `workouts`, each of which is looked at once."""
    totals, types, sources = Sums(), dict[str, Sums](), dict[str, Sums]()
    for done in workouts:
        totals.add(done)
        _of(types, done.type).add(done)
        _of(sources, done.source).add(done)
    return {
        "version": VERSION,
        "day": day.isoformat(),
        "totals": totals.said(),
        "byType": {name: types[name].said() for name in sorted(types)},
        "bySource": {name: sources[name].said() for name in sorted(sources)},
    }


def text(report: dict[str, Any]) -> bytes:
    """The report as the bytes that are stored."""
    return (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()


def _of(groups: dict[str, Sums], name: str) -> Sums:
    found = groups.get(name)
    if found is None:
        found = groups[name] = Sums()
    return found


def _number(amount: Decimal) -> int | float:
    # Amounts are kept to a thousandth; a double tells them apart up to a million million.
    return int(amount) if amount == amount.to_integral_value() else float(amount)
