"""Workouts as items: what is written is read back, and indexes find it."""

from __future__ import annotations

import json
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
from wotr_common.items import session_from_item, session_item, workout_from_item, workout_item
from wotr_common.session import MOST_SETS, Session, TrainingSet
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


def trained(**said: Any) -> Session:
    stored = {
        "userId": "ana",
        "sessionId": "20261116T073000-0a1b2c3d4e",
        "date": "2026-11-16",
        "startedAt": "2026-11-16T06:30:00Z",
        "createdAt": "2026-11-20T12:00:00Z",
        "version": 5,
    }
    return Session.model_validate({**stored, **said})


sets = st.builds(
    lambda **said: TrainingSet.model_validate(said),
    exercise=st.sampled_from(["Squat", "卧推", "Row (Machine)"]),
    setType=st.sampled_from(["normal", "warmup", "drop", "failure"]),
    weightKg=st.none() | st.decimals(min_value=0, max_value=1360, places=3),
    weightUnit=st.none() | st.sampled_from(["kg", "lb"]),
    reps=st.none() | st.integers(0, 1000),
    distanceM=st.none() | st.decimals(min_value=0, max_value=10_000, places=3),
    durationS=st.none() | st.integers(0, 3600),
    rpe=st.none() | st.integers(0, 20).map(lambda half: Decimal(half) / 2),
    notes=st.none() | texts,
    warnings=st.lists(texts, max_size=2).map(tuple),
)


@given(st.lists(sets, max_size=5), st.none() | positive, st.lists(texts, max_size=2))
def test_an_item_is_read_back_as_the_session_it_was_made_of(
    done: list[TrainingSet], minutes: Decimal | None, warnings: list[str]
) -> None:
    session = trained(durationMin=minutes, warnings=warnings).model_copy(update={"sets": tuple(done)})
    on_the_wire = {name: TypeSerializer().serialize(value) for name, value in session_item(session).items()}
    item = {name: TypeDeserializer().deserialize(value) for name, value in on_the_wire.items()}

    assert session_from_item(item) == session
    assert session_from_item({**item, "shoes": "red"}) == session


def test_the_attributes_of_a_sessions_item() -> None:
    session = trained(sets=[{"exercise": "Squat", "weightKg": 100, "reps": 5}], title="Legs", importId="x-1")

    assert session_item(session) == {
        "pk": "USER#ana",
        "sk": "SESSION#2026-11-16#20261116T073000-0a1b2c3d4e",
        "userId": "ana",
        "sessionId": "20261116T073000-0a1b2c3d4e",
        "date": "2026-11-16",
        "type": "strength",
        "startedAt": "2026-11-16T06:30:00.000Z",
        "title": "Legs",
        "state": "open",
        "version": 5,
        "source": "api",
        "importId": "x-1",
        "createdAt": "2026-11-20T12:00:00.000Z",
        "sets": [{"exercise": "Squat", "setType": "normal", "weightKg": Decimal(100), "reps": 5}],
        "warnings": [],
    }


def test_a_thousand_ordinary_sets_fit_into_an_item() -> None:
    one = {
        "exercise": "Bulgarian Split Squat (Dumbbells)",
        "setType": "failure",
        "weightKg": 22.68,
        "weightUnit": "lb",
        "reps": 12,
        "rpe": 9.5,
        "restS": 120,
        "superset": "a",
        "notes": "left knee held well, deeper than last week",
    }
    session = trained(sets=[one] * MOST_SETS)

    assert len(json.dumps(session_item(session)["sets"], default=float)) < 400_000
