"""Workouts of everybody, what the lake heard of them, and reports, on a simulated AWS."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeSerializer
from tests.given import RECORD

from wotr_analytics.lake.objects import key_of
from wotr_analytics.lake.rows import row
from wotr_analytics.summaries.arrivals import LakeArrivals
from wotr_analytics.summaries.reports import Reports
from wotr_analytics.summaries.workouts import Workouts
from wotr_common import keys
from wotr_common.events import WorkoutEvent, workout_created, workout_deleted
from wotr_common.items import workout_item
from wotr_common.workout import Workout

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

WORKOUTS, BUCKET, SHARDS = RECORD, "lake", 3
YESTERDAY = date(2026, 11, 24)


def at(day: date, minute: float = 0) -> datetime:
    """A moment of `day`, so many minutes after its beginning in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)


def workout(user_id: str, started_at: datetime, **fields: Any) -> Workout:
    """A workout that says little."""
    said: dict[str, Any] = {"type": "run", "source": "api"}
    return Workout(
        user_id=user_id,
        workout_id=keys.workout_id(started_at),
        started_at=started_at,
        created_at=started_at,
        **{**said, **fields},
    )


class Stage:
    """The table, the lake and the reports, and what tests do to them."""

    def __init__(self, dynamodb: DynamoDBClient, s3: S3Client) -> None:
        self._dynamodb = dynamodb
        self.s3 = s3
        self.workouts = Workouts(dynamodb, WORKOUTS, SHARDS)
        self.reports = Reports(s3, BUCKET)
        self.lake = LakeArrivals(s3, BUCKET)

    def store(self, *workouts: Workout) -> None:
        """Put workouts into the system of record."""
        serialize = TypeSerializer().serialize
        for each in workouts:
            item = {name: serialize(value) for name, value in workout_item(each, SHARDS).items()}
            self._dynamodb.put_item(TableName=WORKOUTS, Item=item)

    def delete(self, each: Workout) -> None:
        """Take one out again."""
        key = keys.workout_key(each.user_id, each.started_at)
        self._dynamodb.delete_item(
            TableName=WORKOUTS, Key={name: {"S": str(key[name])} for name in ("pk", "sk")}
        )

    def tell(self, arrival: date, *workouts: Workout, gone: bool = False) -> None:
        """Have the lake hear of workouts on the day `arrival`."""
        events = [
            workout_deleted(each, "request", at(arrival)) if gone else workout_created(each, "request")
            for each in workouts
        ]
        key = lake_key(arrival)
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=lake_object(events))

    def report(self, day: date) -> dict[str, Any] | None:
        """The stored report of a day."""
        held = self.reports.get(day)
        return json.loads(held.body) if held else None

    def writes(self) -> int:
        """How many times a report was written."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix="reports/")
        return sum(len(page.get("Versions", [])) for page in pages)


def lake_key(arrival: date) -> str:
    """Where the lake keeps what it heard on a day."""
    return key_of(arrival.isoformat())


def lake_object(events: Iterable[WorkoutEvent]) -> bytes:
    """Events as an object of the lake holds them."""
    return gzip.compress(b"".join(map(row, events)), mtime=0)


def brute_force(workouts: Iterable[Workout], day: date) -> dict[str, Any]:
    """The report of a day by plain sums over lists."""
    todays = [each for each in workouts if each.started_at.date() == day]

    def sums(chosen: list[Workout]) -> dict[str, Any]:
        return {
            "workouts": len(chosen),
            "athletes": len({each.user_id for each in chosen}),
            "minutes": float(sum((each.duration_min or Decimal(0) for each in chosen), Decimal(0))),
            "calories": float(sum((each.calories_burned or Decimal(0) for each in chosen), Decimal(0))),
            "distanceM": float(sum((each.distance_m or Decimal(0) for each in chosen), Decimal(0))),
        }

    return {
        "version": 1,
        "day": day.isoformat(),
        "totals": sums(todays),
        "byType": {
            name: sums([each for each in todays if each.type == name])
            for name in sorted({each.type for each in todays})
        },
        "bySource": {
            name: sums([each for each in todays if each.source == name])
            for name in sorted({each.source for each in todays})
        },
    }
