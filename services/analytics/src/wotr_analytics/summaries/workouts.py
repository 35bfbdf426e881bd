"""Everybody's workouts of a day, from the time index of the table `Workouts`: this service may read nothing
else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wotr_analytics.summaries.summary import Done
from wotr_common import keys
from wotr_common.workout import time_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MILLISECOND = timedelta(milliseconds=1)  # the resolution of times in keys
_SAID = ("userId", "type", "source", "durationMin", "caloriesBurned", "distanceM")


class Workouts:
    """Reads workouts of everybody, in `shards` partitions a month."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, shards: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._shards = shards

    def of(self, day: date) -> Iterator[Done]:
        """Everybody's workouts that started on `day` (UTC), page by page."""
        start = datetime.combine(day, time(), UTC)
        for shard in range(self._shards):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=keys.TIME_INDEX,
                KeyConditionExpression="#pk = :pk AND #sk BETWEEN :start AND :end",
                ProjectionExpression=", ".join(f"#{name}" for name in _SAID),
                ExpressionAttributeNames={"#pk": keys.TIME_INDEX_PK, "#sk": keys.TIME_INDEX_SK}
                | {f"#{name}": name for name in _SAID},
                ExpressionAttributeValues={
                    ":pk": {"S": keys.time_index_pk(start, shard)},
                    ":start": {"S": time_text(start)},
                    ":end": {"S": time_text(start + timedelta(days=1) - _MILLISECOND)},
                },
            )
            for page in pages:
                yield from map(_done, page["Items"])


def _done(item: Mapping[str, Any]) -> Done:
    return Done(
        item["userId"]["S"],
        item["type"]["S"],
        item["source"]["S"],
        _amount(item, "durationMin"),
        _amount(item, "caloriesBurned"),
        _amount(item, "distanceM"),
    )


def _amount(item: Mapping[str, Any], name: str) -> Decimal | None:
    value = item.get(name)
    return Decimal(value["N"]) if value else None
