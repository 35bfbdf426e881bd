"""The consumers of services/analytics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from consumer import Consumer, Item
from history import FIRST, session, workout

from wotr_common import keys
from wotr_common.events import (
    SOURCE,
    Event,
    session_completed,
    session_deleted,
    session_updated,
    workout_created,
    workout_deleted,
    workout_updated,
)


def history(user: str) -> list[Event]:
    """Eight workouts as the bus tells of them: one changes twice, one is deleted."""
    told: list[Event] = [workout_created(workout(user, day), f"{user}-{day}") for day in range(8)]
    told += [workout_updated(workout(user, 1, 40 + version, version), user, FIRST) for version in (2, 3)]
    return [*told, workout_deleted(workout(user, 2), user, FIRST), *sessions(user)]


def sessions(user: str) -> list[Event]:
    """Twelve sessions: one changes twice, one of the newest ten is deleted, and the eleventh comes back."""
    told: list[Event] = [session_completed(session(user, day), user, FIRST) for day in range(12)]
    told += [session_updated(session(user, 10, version), user, FIRST) for version in (2, 3)]
    return [*told, session_deleted(session(user, 7), user, FIRST)]


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
    """Bus to totals and newest sessions."""

    name = "project"
    function = "analytics/ProjectFunction"
    last_queue = "analytics.EventDeadLetterQueueUrl"
    items = 28  # for each user: all, one type, two weeks; ten sessions
    effects = ("dynamodb:TransactWriteItems",)
    throttled = ("dynamodb:TransactWriteItems", "dynamodb:BatchGetItem")
    comes_twice = True

    def found(self, users: Sequence[str]) -> list[Item]:
        return [item for user in users for item in (*self._totals(user), *self._newest_sessions(user))]

    def _totals(self, user: str) -> list[Item]:
        stats = self.world.signed(f"/stats/{user}")
        if not stats["total"]["workouts"]:
            return []
        parts = {"all": stats["total"], **stats["byType"], **stats["byWeek"]}
        return [{"user": user, "of": part, **amounts} for part, amounts in parts.items()]

    def _newest_sessions(self, user: str) -> list[Item]:
        answer = self.world.dynamodb.get_item(
            TableName=self.world.stage.outputs("analytics")["ViewsTableName"],
            Key={name: {"S": str(value)} for name, value in keys.recent_sessions_key(user).items()},
            ConsistentRead=True,
        )
        shown = answer["Item"]["sessions"]["L"] if "Item" in answer else []
        return [{"user": user, "place": place, **said} for place, said in enumerate(shown)]
