"""The system of record as read models are rebuilt from it: read only, never written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError

from wotr_analytics.recent_sessions import Seen, summary
from wotr_analytics.store.table import Table
from wotr_analytics.totals import Counted, contribution
from wotr_common import keys
from wotr_common.events import session_data, workout_data
from wotr_common.items import session_from_item, workout_from_item
from wotr_common.notes import bare

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")


@dataclass(slots=True)
class Stored(Generic[T]):
    """What is stored of one user, by id; `unreadable` are the ids of items that make no sense."""

    said: dict[str, T] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


class Record:
    """The table `Workouts`, without notes. What it says is said as the events of the same items say it."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self.table = Table(dynamodb, table)

    def workouts(self, user_id: str) -> Stored[Counted]:
        """The user's workouts, as they count."""
        return self._read(user_id, keys.workout_range(None, None), "workoutId", _counted)

    def sessions(self, user_id: str) -> Stored[Seen]:
        """The user's completed sessions, as the view would show them."""
        return self._read(user_id, keys.session_range(None, None), "sessionId", _seen)

    def knows(self, user_id: str) -> bool:
        """Whether anything at all is stored of the user."""
        return self.table.has(keys.user_pk(user_id))

    def _read(
        self,
        user_id: str,
        bounds: tuple[str, str],
        identity: str,
        said: Callable[[Mapping[str, Any]], T | None],
    ) -> Stored[T]:
        stored: Stored[T] = Stored()
        for item in self.table.items(keys.user_pk(user_id), bounds):
            try:
                found = said(bare(item))
            except ValidationError:
                stored.unreadable.append(str(item.get(identity, item[keys.SK])))
                continue
            if found is not None:
                stored.said[item[identity]] = found
        return stored


def _counted(item: Mapping[str, Any]) -> Counted:
    data = workout_data(workout_from_item(item))
    return Counted(data.version, contribution(data))


def _seen(item: Mapping[str, Any]) -> Seen | None:
    if item.get("state") != "completed":
        return None
    data = session_data(session_from_item(item))
    return Seen(data.version, summary(data))
