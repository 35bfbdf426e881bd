"""An athlete whose workouts and sessions are stored, and the events that each change of them is told by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from tests.given import RECORD, TABLE, Sums, brute_force, deletion, edit, event, totals_of, workout
from tests.sessions import changed, completed, newest_by_hand, removed, session, shown

from wotr_common import keys
from wotr_common.events import Event, SessionCompleted
from wotr_common.items import session_item, workout_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Place = tuple[str, int]  # ("workout", the minute it starts in) or ("session", its day)


class Athlete:
    """Changes what is stored; each change returns the event that follows from it."""

    def __init__(
        self, dynamodb: DynamoDBClient, user_id: str, record: str = RECORD, views: str = TABLE
    ) -> None:
        self.user_id = user_id
        self.version = 0
        self.record, self.views = record, views
        self.stored: dict[Place, dict[str, Any]] = {}
        self._dynamodb = dynamodb

    def put(self, place: Place, **fields: Any) -> Event:
        """Store the workout or session there, for the first time or changed."""
        self.version += 10
        kind, at = place
        known, self.stored[place] = place in self.stored, {**fields, "version": self.version}
        if kind == "workout":
            item = workout_item(workout(self.user_id, at, **self.stored[place]), shards=1)
            told: Callable[..., Event] = edit if known else event
        else:
            item = session_item(session(self.user_id, at, **self.stored[place]))
            told = changed if known else completed
        self._dynamodb.put_item(TableName=self.record, Item=raw(item))
        return told(self.user_id, at, **self.stored[place])

    def delete(self, place: Place) -> Event:
        """Delete what is stored there."""
        self.version += 10
        kind, at = place
        fields = self.stored.pop(place)
        if kind == "workout":
            key = keys.workout_key(self.user_id, workout(self.user_id, at).started_at)
            told: Callable[..., Event] = deletion
        else:
            key = keys.session_key(self.user_id, session(self.user_id, at).session_id)
            told = removed
        self._dynamodb.delete_item(TableName=self.record, Key=raw(key))
        return told(self.user_id, at, **fields)

    def expected(self) -> tuple[dict[str, Sums], list[tuple[str, int]]]:
        """The totals and the newest sessions by a plain look at what is stored."""
        workouts = [
            event(self.user_id, at, **said) for (kind, at), said in self.stored.items() if kind == "workout"
        ]
        sessions: list[SessionCompleted] = [
            completed(self.user_id, at, **said)
            for (kind, at), said in self.stored.items()
            if kind == "session"
        ]
        return brute_force(workouts, self.user_id), newest_by_hand(sessions)

    def found(self) -> tuple[dict[str, Sums], list[tuple[str, int]]]:
        """The totals and the newest sessions as the views have them."""
        return (
            totals_of(self._dynamodb, self.user_id, self.views),
            shown(self._dynamodb, self.user_id, self.views),
        )

    def items(self, table: str | None = None) -> dict[str, dict[str, Any]]:
        """Every item of the athlete by sort key, in the views unless another table is named."""
        answer = self._dynamodb.query(
            TableName=table or self.views,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.user_pk(self.user_id)}},
        )
        return {item["sk"]["S"]: plain(item) for item in answer["Items"]}

    def spoil(self, sk: str, said: Mapping[str, Any] | None) -> None:
        """Change attributes of an item of the views behind everybody's back, or lose it."""
        key = {"pk": keys.user_pk(self.user_id), "sk": sk}
        if said is None:
            self._dynamodb.delete_item(TableName=self.views, Key=raw(key))
        else:
            self._dynamodb.put_item(TableName=self.views, Item=raw({**self.items().get(sk, key), **said}))


def raw(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB's API spells it."""
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as Python has it."""
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
