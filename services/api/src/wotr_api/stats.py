"""Totals of one user, from the items that analytics keeps in Views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from pydantic import Field

from wotr_common import keys
from wotr_common.workout import Number, Record, UserId

MOST_WEEKS = 520


class Totals(Record):
    """Sums over workouts."""

    workouts: int = 0
    minutes: Number = Decimal(0)
    calories: Number = Field(Decimal(0), description="kcal")
    distance_m: Number = Field(Decimal(0), description="metres")


class Stats(Record):
    """A user's totals. They follow the workouts within seconds, not at once."""

    user_id: UserId
    total: Totals
    by_type: dict[str, Totals]
    by_week: dict[str, Totals] = Field(description="by ISO week (2026-W47), newest first, at most 520")


def stats(user_id: str, items: Iterable[Mapping[str, Any]]) -> Stats:
    """The totals in `items`, in any order; a user of whom nothing is known has zeros."""
    found: dict[str, dict[str, Totals]] = {"ALL": {}, "TYPE": {}, "WEEK": {}}
    for item in items:
        kind, subject = keys.total_subject(str(item[keys.SK]))
        if kind in found:
            found[kind][subject] = Totals.model_validate(
                {
                    name: item[name]
                    for name in ("workouts", "minutes", "calories", "distanceM")
                    if name in item
                }
            )
    weeks = sorted(found["WEEK"].items(), reverse=True)
    return Stats(
        user_id=user_id,
        total=found["ALL"].get("", Totals()),
        by_type=dict(sorted(found["TYPE"].items())),
        by_week=dict(islice(weeks, MOST_WEEKS)),
    )
