"""The consumers of services/analytics."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
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
from wotr_common.items import workout_item

_PLAIN = str.maketrans("", "", "-:")


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


class Transform(_OfEvents):
    """Bus to lake: each event is one row of its day, however often it came."""

    name = "transform"
    function = "analytics/TransformFunction"
    last_queue = "analytics.LakeDeadLetterQueueUrl"
    items = 22
    effects = ("s3:PutObject",)
    throttled = ("s3:PutObject", "s3:GetObject")
    comes_twice = True

    def found(self, users: Sequence[str]) -> list[Item]:
        dates = {event.occurred_at.date().isoformat() for event in history(users[0])}
        bucket = self.world.stage.outputs("analytics")["LakeBucketName"]
        pages = self.world.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        objects = [each["Key"] for page in pages for each in page.get("Contents", [])]
        lake = [key for key in objects if any(f"/dt={date}/" in key for date in dates)]
        rows = [json.loads(line) for key in lake for line in self._lines(bucket, key)]
        return [
            {name: value for name, value in row.items() if name != "id"}
            for row in rows
            if row["user_id"] in users
        ]

    def _lines(self, bucket: str, key: str) -> list[bytes]:
        packed = self.world.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return gzip.decompress(packed).splitlines()


class Collect(Consumer):
    """Queue of the schedule's runs to table. A run is known by when it was due: that stands for the user."""

    name = "collect"
    function = "analytics/CollectFunction"
    last_queue = "analytics.DeadLetterQueueUrl"
    items = 6
    effects = throttled = ("dynamodb:PutItem",)
    comes_twice = True

    def users(self) -> list[str]:
        # In the months to come: records of the past would have expired.
        seconds = random.SystemRandom().sample(range(10**7), self.items)
        return [f"{datetime.now(UTC) + timedelta(seconds=each):%Y-%m-%dT%H:%M:%SZ}" for each in seconds]

    def inputs(self, users: Sequence[str]) -> list[str]:
        return [json.dumps({"scheduledAt": due}) for due in users]

    def send(self, inputs: Sequence[str]) -> None:
        self.world.send(self.world.stage.outputs("analytics")["ScheduledRunQueueUrl"], inputs)

    def found(self, users: Sequence[str]) -> list[Item]:
        return [
            {"due": due, "by": item["source"], "method": item["method"]}
            for due in users
            for item in self._recorded(f"schedule-{due.translate(_PLAIN)}")
        ]

    def poison(self, users: Sequence[str]) -> str:
        self.send([json.dumps({"scheduledAt": f"{users[0]}, or later"})])
        return "or later"

    def _recorded(self, request_id: str) -> list[Item]:
        return self.world.dynamodb.query(
            TableName=self.world.stage.outputs("analytics")["DynamoDBTableName"],
            KeyConditionExpression="requestId = :id",
            ExpressionAttributeValues={":id": {"S": request_id}},
        )["Items"]


class DailySummary(Consumer):
    """Queue of jobs to reports. A report is known by its day: that stands for the user."""

    name = "daily_summary"
    function = "analytics/DailySummaryFunction"
    last_queue = "analytics.SummaryDeadLetterQueueUrl"
    items = 2
    effects = ("s3:PutObject",)
    throttled = ("s3:PutObject", "dynamodb:Query")
    throttles = 3
    crashes = 2  # a job is tried three times
    comes_twice = True

    def users(self) -> list[str]:
        """Two days of the last century that had three workouts each."""
        days = [date(1980, 1, 1) + timedelta(days=each) for each in random.sample(range(7000), 2)]
        for day in days:
            for number in range(3):
                athlete = f"faults-{day}-{number}"
                begun = datetime(day.year, day.month, day.day, 7, tzinfo=UTC)
                stored = workout(athlete, 0, 30 + number).model_copy(
                    update={"started_at": begun, "workout_id": keys.workout_id(begun)}
                )
                self.world.put(self.world.workouts, workout_item(stored, 1))
        return [day.isoformat() for day in days]

    def inputs(self, users: Sequence[str]) -> list[str]:
        return [json.dumps({"day": day}) for day in users]

    def send(self, inputs: Sequence[str]) -> None:
        self.world.send(self.world.stage.outputs("analytics")["SummaryQueueUrl"], inputs)

    def found(self, users: Sequence[str]) -> list[Item]:
        bucket = self.world.stage.outputs("analytics")["LakeBucketName"]
        pages = self.world.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="reports/")
        reports = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return [
            json.load(self.world.s3.get_object(Bucket=bucket, Key=key)["Body"])
            for key in reports
            if any(day in key for day in users)
        ]

    def poison(self, users: Sequence[str]) -> str:
        self.send([json.dumps({"day": f"{users[0]}, or later"})])
        return "or later"
