"""Events as the bus delivers them, faults as the wire brings them, and what the table then holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from wotr_common import keys
from wotr_common.events import (
    Event,
    WorkoutCreated,
    WorkoutDeleted,
    WorkoutUpdated,
    workout_created,
    workout_deleted,
    workout_updated,
)
from wotr_common.workout import Workout

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "views"
RECORD = "workouts"
Sums = tuple[Decimal | int, ...]
Answer = tuple[SimpleNamespace, dict[str, Any]]  # HTTP response and body, as botocore hands them on
MONDAY = datetime(2026, 11, 16, 6, 30, tzinfo=UTC)


def event(user_id: str = "ana", minute: int = 0, **fields: Any) -> WorkoutCreated:
    """A `workout.created`: workouts of one user differ by the minute they start at."""
    return workout_created(workout(user_id, minute, **fields), f"request-of-{user_id}")


def edit(user_id: str = "ana", minute: int = 0, **fields: Any) -> WorkoutUpdated:
    """A `workout.updated` of the same workout."""
    return workout_updated(workout(user_id, minute, **fields), f"request-of-{user_id}", MONDAY)


def deletion(user_id: str = "ana", minute: int = 0, **fields: Any) -> WorkoutDeleted:
    """A `workout.deleted` of the same workout."""
    return workout_deleted(workout(user_id, minute, **fields), f"request-of-{user_id}", MONDAY)


def workout(user_id: str, minute: int, **fields: Any) -> Workout:
    """The workout that the user started in that minute."""
    started_at = MONDAY + timedelta(minutes=minute)
    said = {
        "type": "run",
        "duration_min": Decimal(30),
        "calories_burned": Decimal(300),
        "distance_m": Decimal(5000),
    }
    return Workout(
        user_id=user_id,
        workout_id=keys.workout_id(started_at),
        started_at=started_at,
        created_at=MONDAY,
        **{**said, **fields},
    )


def message(event: Event | str, message_id: str = "m-1") -> dict[str, Any]:
    """The SQS record of an event, or of any other text."""
    if isinstance(event, str):
        return {"messageId": message_id, "body": event}
    envelope = {
        "version": "0",
        "id": "0d079340-135a-c8c6-95c2-41fb8f496c53",
        "detail-type": event.name,
        "source": "wotr.workers",
        "account": "123456789012",
        "time": "2026-11-16T06:30:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": json.loads(event.text()),
    }
    return {"messageId": message_id, "body": json.dumps(envelope)}


def messages(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Each event as a record of its own."""
    return [message(each, f"m-{number}") for number, each in enumerate(events)]


def totals_of(dynamodb: DynamoDBClient, user_id: str, table: str = TABLE) -> dict[str, Sums]:
    """(workouts, minutes, calories, distanceM) of each of the user's totals that is not zero, by sort key."""
    answer = dynamodb.query(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :totals)",
        ExpressionAttributeValues={
            ":pk": {"S": keys.user_pk(user_id)},
            ":totals": {"S": keys.total_prefix()},
        },
    )
    found = {
        item["sk"]["S"]: tuple(
            Decimal(item[name]["N"]) for name in ("workouts", "minutes", "calories", "distanceM")
        )
        for item in answer["Items"]
    }
    return {sk: amounts for sk, amounts in found.items() if any(amounts)}


def brute_force(events: Iterable[WorkoutCreated], user_id: str) -> dict[str, Sums]:
    """The totals of one user by a plain sum over distinct workouts."""
    sums: dict[str, Sums] = {}
    for data in {e.data.workout_id: e.data for e in events if e.user_id == user_id}.values():
        year, week, _ = data.started_at.isocalendar()
        amounts = (
            Decimal(1),
            data.duration_min,
            data.calories_burned or Decimal(0),
            data.distance_m or Decimal(0),
        )
        for sk in ("TOTAL#ALL", f"TOTAL#TYPE#{data.type}", f"TOTAL#WEEK#{year}-W{week:02d}"):
            sums[sk] = tuple(map(sum, zip(sums.get(sk, (Decimal(0),) * 4), amounts, strict=True)))
    return sums


def no_pause(retry: int) -> None:
    """Tests do not wait."""


def canceled(*codes: str) -> Answer:
    """DynamoDB's answer to a transaction that it cancelled, one code an item."""
    reasons = f"please refer cancellation reasons for specific reasons [{', '.join(codes)}]"
    return SimpleNamespace(status_code=400), {
        "Error": {
            "Code": "TransactionCanceledException",
            "Message": f"Transaction cancelled, {reasons}",
        },
        "CancellationReasons": [{"Code": code} for code in codes],
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }


def answer_transactions(dynamodb: DynamoDBClient, answer: Callable[[str], Answer | None]) -> None:
    """Let `answer` see the body of each transaction: its answer is DynamoDB's, None lets it through."""

    def instead(params: dict[str, Any], **_: object) -> Answer | None:
        body = params["body"]
        return answer(body if isinstance(body, str) else body.decode())

    hooks: Any = dynamodb.meta.events  # its published type knows no hook that answers
    hooks.register("before-call.dynamodb.TransactWriteItems", instead)
