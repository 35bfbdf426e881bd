"""Workouts as items: what is written is read back, and indexes find it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from tests.given import workout

from wotr_common import keys
from wotr_common.items import workout_from_item, workout_item
from wotr_common.workout import Workout, content_hash

positive = st.decimals(min_value=Decimal("0.001"), max_value=100_000, places=3)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200).map(str.strip)
starts = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.just(UTC),
)


@st.composite
def workouts(draw: st.DrawFn) -> Workout:
    said: dict[str, Any] = {
        "type": draw(st.sampled_from(["run", "ride"])),
        "startedAt": draw(starts),
        "durationMin": draw(positive),
        "caloriesBurned": draw(st.none() | positive),
        "distanceM": draw(st.none() | positive),
        "rpe": draw(st.none() | st.integers(0, 20).map(lambda half: Decimal(half) / 2)),
        "notes": draw(st.none() | texts),
        "source": draw(st.sampled_from(["api", "csv", "strava"])),
        "sourceId": draw(st.none() | texts),
        "version": draw(st.integers(1, 1000)),
        "warnings": tuple(draw(st.lists(texts, max_size=3))),
    }
    return workout(**said, workoutId=keys.workout_id(said["startedAt"]))


@given(workouts(), st.integers(1, 8))
def test_an_item_is_read_back_as_the_workout_it_was_made_of(stored: Workout, shards: int) -> None:
    on_the_wire = {
        name: TypeSerializer().serialize(value) for name, value in workout_item(stored, shards).items()
    }
    item = {name: TypeDeserializer().deserialize(value) for name, value in on_the_wire.items()}

    assert workout_from_item(item) == stored


def test_the_attributes_of_an_item() -> None:
    stored = workout(distanceM=5000.5, warnings=("odd",), importId="x-1", source="strava", sourceId="9")

    assert workout_item(stored, 1) == {
        "pk": "USER#ana",
        "sk": "WORKOUT#2026-11-16T06:30:00.000Z",
        "GSI1PK": "WORKOUTS#2026-11#0",
        "GSI1SK": "2026-11-16T06:30:00.000Z",
        "typeShard": "run#0",
        "type": "run",
        "startedAt": "2026-11-16T06:30:00.000Z",
        "durationMin": Decimal(30),
        "distanceM": Decimal("5000.5"),
        "intensity": "moderate",
        "userId": "ana",
        "workoutId": "20261116T063000000Z",
        "version": 1,
        "source": "strava",
        "sourceId": "9",
        "importId": "x-1",
        "createdAt": "2026-11-20T12:00:00.000Z",
        "warnings": ["odd"],
        "contentHash": content_hash(stored),
    }


def test_attributes_of_a_later_release_are_ignored() -> None:
    assert workout_from_item({**workout_item(workout(), 1), "shoes": "red"}) == workout()


@pytest.fixture
def table() -> Iterator[Any]:
    with mock_aws():
        attributes = [
            keys.PK,
            keys.SK,
            keys.TIME_INDEX_PK,
            keys.TIME_INDEX_SK,
            keys.TYPE_INDEX_PK,
            keys.TYPE_INDEX_SK,
        ]
        indexes = [
            (keys.TIME_INDEX, keys.TIME_INDEX_PK, keys.TIME_INDEX_SK),
            (keys.TYPE_INDEX, keys.TYPE_INDEX_PK, keys.TYPE_INDEX_SK),
        ]
        yield boto3.resource("dynamodb").create_table(
            TableName="workouts",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
            KeySchema=schema(keys.PK, keys.SK),
            GlobalSecondaryIndexes=[
                {"IndexName": name, "KeySchema": schema(pk, sk), "Projection": {"ProjectionType": "ALL"}}
                for name, pk, sk in indexes
            ],
        )


def schema(pk: str, sk: str) -> Any:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def test_a_stored_workout_is_found_by_time_and_by_type(table: Any) -> None:
    stored = workout(userId="ben")
    table.put_item(Item=workout_item(stored, shards=4))
    shard = keys.shard_of("ben", 4)

    for index, attribute, value in (
        (keys.TIME_INDEX, keys.TIME_INDEX_PK, keys.time_index_pk(stored.started_at, shard)),
        (keys.TYPE_INDEX, keys.TYPE_INDEX_PK, keys.type_index_pk("run", shard)),
    ):
        found = table.query(
            IndexName=index,
            KeyConditionExpression="#pk = :value",
            ExpressionAttributeNames={"#pk": attribute},
            ExpressionAttributeValues={":value": value},
        )["Items"]
        assert [workout_from_item(item) for item in found] == [stored]
