"""Sessions of given users, the events that tell of them, and what the view of the newest then holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from tests.given import TABLE

from wotr_common import keys
from wotr_common.events import (
    SessionCompleted,
    SessionDeleted,
    SessionEvent,
    SessionUpdated,
    session_completed,
    session_deleted,
    session_updated,
)
from wotr_common.session import Session, TrainingSet

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EVENING = datetime(2026, 11, 1, 17, 30, tzinfo=UTC)
SQUAT = TrainingSet(exercise="Squat", weight_kg=Decimal("82.5"), reps=5)


def session(user_id: str = "ana", day: int = 0, **fields: Any) -> Session:
    """The completed session of that day: three sets of five squats with 82.5 kg, in version 1."""
    at = EVENING + timedelta(days=day)
    said = {"title": f"Day {day}", "duration_min": Decimal("62.5"), "version": 1, "state": "completed"}
    return Session(
        user_id=user_id,
        session_id=keys.session_id(at, "1a2b3c4d5e"),
        date=at.date(),
        started_at=at,
        created_at=at,
        sets=(SQUAT,) * 3,
        **{**said, **fields},
    )


def completed(user_id: str = "ana", day: int = 0, **fields: Any) -> SessionCompleted:
    """A `session.completed`: sessions of one user differ by their day."""
    return session_completed(session(user_id, day, **fields), f"request-of-{user_id}", EVENING)


def changed(user_id: str = "ana", day: int = 0, **fields: Any) -> SessionUpdated:
    """A `session.updated` of the same session."""
    return session_updated(session(user_id, day, **fields), f"request-of-{user_id}", EVENING)


def removed(user_id: str = "ana", day: int = 0, **fields: Any) -> SessionDeleted:
    """A `session.deleted` of the same session; `version` is the one that was deleted."""
    return session_deleted(session(user_id, day, **fields), f"request-of-{user_id}", EVENING)


def view_of(dynamodb: DynamoDBClient, user_id: str, table: str = TABLE) -> dict[str, Any] | None:
    """The view's item as it lies in the table."""
    key = keys.recent_sessions_key(user_id)
    answer = dynamodb.get_item(
        TableName=table, Key={name: {"S": str(value)} for name, value in key.items()}, ConsistentRead=True
    )
    return answer.get("Item")


def shown(dynamodb: DynamoDBClient, user_id: str, table: str = TABLE) -> list[tuple[str, int]]:
    """(title, version) of each session in the view, in its order."""
    item = view_of(dynamodb, user_id, table) or {"sessions": {"L": []}}
    read = TypeDeserializer().deserialize
    return [(each["title"], int(each["version"])) for each in map(read, item["sessions"]["L"])]


def newest_by_hand(events: Iterable[SessionEvent]) -> list[tuple[str, int]]:
    """The same by sorting one user's events: the newest word on each session, the last ten of these."""
    last: dict[str, SessionEvent] = {}
    for event in sorted(events, key=lambda each: each.data.version):
        last[event.data.session_id] = event
    alive = [(sid, event) for sid, event in last.items() if not isinstance(event, SessionDeleted)]
    return [(str(e.data.title), e.data.version) for _, e in sorted(alive, reverse=True, key=lambda x: x[0])][
        :10
    ]
