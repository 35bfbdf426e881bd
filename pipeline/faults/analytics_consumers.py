"""The consumers of services/analytics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from consumer import Consumer, Item
from history import FIRST, workout

from wotr_common.events import SOURCE, Event, workout_created, workout_deleted, workout_updated


def history(user: str) -> list[Event]:
    """Eight workouts as the bus tells of them: one changes twice, one is deleted."""
    told: list[Event] = [workout_created(workout(user, day), f"{user}-{day}") for day in range(8)]
    told += [workout_updated(workout(user, 1, 40 + version, version), user, FIRST) for version in (2, 3)]
    return [*told, workout_deleted(workout(user, 2), user, FIRST)]


class _OfEvents(Consumer):
    """Is fed by events on the bus."""

    def inputs(self, users: Sequence[str]) -> list[Any]:
        each = zip(*(history(user) for user in users), strict=True)
        return [(event.name, event.text()) for events in each for event in events]

    def send(self, inputs: Sequence[Any]) -> None:
        bus = self.world.stage.outputs("platform")["EventBusName"]
        for start in range(0, len(inputs), 10):
            entries: Any = [
                {"EventBusName": bus, "Source": SOURCE, "DetailType": name, "Detail": detail}
                for name, detail in inputs[start : start + 10]
            ]
            answer = self.world.events.put_events(Entries=entries)
            assert answer["FailedEntryCount"] == 0, answer

    def poison(self, users: Sequence[str]) -> str:
        said = {"name": "workout.created", "userId": users[0], "data": "none at all"}
        self.send([("workout.created", json.dumps(said))])
        return "none at all"


class Project(_OfEvents):
    """Bus to totals."""

    name = "project"
    function = "analytics/ProjectFunction"
    last_queue = "analytics.EventDeadLetterQueueUrl"
    items = 8  # for each user: all, one type, two weeks
    effects = ("dynamodb:TransactWriteItems",)
    throttled = ("dynamodb:TransactWriteItems", "dynamodb:BatchGetItem")
    comes_twice = True

    def found(self, users: Sequence[str]) -> list[Item]:
        return [total for user in users for total in self._totals(user)]

    def _totals(self, user: str) -> list[Item]:
        stats = self.world.signed(f"/stats/{user}")
        if not stats["total"]["workouts"]:
            return []
        parts = {"all": stats["total"], **stats["byType"], **stats["byWeek"]}
        return [{"user": user, "of": part, **amounts} for part, amounts in parts.items()]
