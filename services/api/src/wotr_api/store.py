"""The table `Workouts` as this service sees it: it reads, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from wotr_api.export import exported_sessions, exported_workouts
from wotr_api.load_report import Effort
from wotr_common import keys
from wotr_common.exports import Exported
from wotr_common.items import workout_from_item
from wotr_common.notes import Notes
from wotr_common.workout import Workout, time_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_MILLISECOND = timedelta(milliseconds=1)  # the resolution of times in keys
_MOST_KEYS = 100  # of one BatchGetItem
_EFFORT = ("startedAt", "durationMin", "rpe", "avgHeartRate", "volumeKg", "warnings")


@dataclass(frozen=True)
class Index:
    """An index over everybody."""

    name: str
    pk: str
    sk: str


BY_TIME = Index(keys.TIME_INDEX, keys.TIME_INDEX_PK, keys.TIME_INDEX_SK)
BY_TYPE = Index(keys.TYPE_INDEX, keys.TYPE_INDEX_PK, keys.TYPE_INDEX_SK)


class Workouts:
    """Reads workouts from `table`, and their notes with `notes`."""

    def __init__(self, table: Table, notes: Notes) -> None:
        self._table = table
        self._notes = notes

    def get(self, user_id: str, started_at: datetime) -> Workout | None:
        """The workout that `user_id` started then; consistent, so that what was written is there."""
        found = self._table.get_item(
            Key={keys.PK: keys.user_pk(user_id), keys.SK: keys.workout_sk(started_at)}, ConsistentRead=True
        )
        item = found.get("Item")
        return self._workout(item) if item else None

    def partition(
        self, index: Index, pk: str, start: datetime, end: datetime, *, after: str | None, limit: int
    ) -> list[Workout]:
        """At most `limit` workouts of one partition with `start` <= startedAt < `end`, oldest first.

        `after`: only what comes after this user's workout at exactly `start`.
        """
        first: dict[str, Any] = {}
        if after is not None:
            key = {**keys.workout_key(after, start), index.pk: pk, index.sk: time_text(start)}
            first = {"ExclusiveStartKey": key}
        found: list[Workout] = []
        for page in self._pages(
            IndexName=index.name,
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :start AND :end",
            ExpressionAttributeNames={"#pk": index.pk, "#sk": index.sk},
            ExpressionAttributeValues={
                ":pk": pk,
                ":start": time_text(start),
                ":end": time_text(end - _MILLISECOND),
            },
            Limit=limit,
            **first,
        ):
            found += map(self._workout, page["Items"])
            if len(found) >= limit:
                break
        return found[:limit]

    def history(
        self,
        user_id: str,
        bounds: tuple[str, str],
        workout_type: str | None,
        after: str | None,
        read: int,
    ) -> tuple[list[Workout], str | None]:
        """One query of a user's workouts with sort keys within `bounds`, newest first; looks at `read`.

        `after`: only what comes after this sort key. The second part is the sort key where the query stopped
        early, None where there is no more.
        """
        names, values = {"#pk": keys.PK, "#sk": keys.SK}, {":pk": keys.user_pk(user_id)}
        values |= {":low": bounds[0], ":high": bounds[1]}
        options: dict[str, Any] = {}
        if workout_type is not None:
            options["FilterExpression"] = "#type = :type"
            names["#type"] = "type"
            values[":type"] = workout_type
        if after is not None:
            options["ExclusiveStartKey"] = {keys.PK: keys.user_pk(user_id), keys.SK: after}
        page = self._table.query(
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :low AND :high",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            Limit=read,
            **options,
        )
        last = page.get("LastEvaluatedKey")
        return [self._workout(item) for item in page["Items"]], str(last[keys.SK]) if last else None

    def efforts(self, user_id: str, start: datetime, end: datetime) -> Iterator[Effort]:
        """What a user's workouts with `start` <= startedAt < `end` say about their load, oldest first."""
        low, high = keys.workout_range(start, end)
        for page in self._pages(
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :low AND :high",
            ProjectionExpression=", ".join(f"#{name}" for name in _EFFORT),
            ExpressionAttributeNames={"#pk": keys.PK, "#sk": keys.SK}
            | {f"#{name}": name for name in _EFFORT},
            ExpressionAttributeValues={":pk": keys.user_pk(user_id), ":low": low, ":high": high},
        ):
            yield from map(_effort, page["Items"])

    def everything(self, user_id: str) -> Iterator[Exported]:
        """All that is exported of a user, consistent page by page: sessions by date, then other workouts."""
        for sessions in self._range(user_id, keys.session_range(None, None)):
            yield from exported_sessions(sessions, self._workouts_of(user_id, sessions))
        for workouts in self._range(user_id, keys.workout_range(None, None)):
            yield from exported_workouts(workouts)

    def _range(self, user_id: str, bounds: tuple[str, str]) -> Iterator[list[dict[str, Any]]]:
        """The user's items with sort keys within `bounds`, page by page."""
        for page in self._pages(
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :low AND :high",
            ExpressionAttributeNames={"#pk": keys.PK, "#sk": keys.SK},
            ExpressionAttributeValues={":pk": keys.user_pk(user_id), ":low": bounds[0], ":high": bounds[1]},
            ConsistentRead=True,
        ):
            yield [self._notes.opened(item) for item in page["Items"]]

    def _workouts_of(self, user_id: str, sessions: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """The items of the workouts of `sessions`, by workout id."""
        named = sorted({session["workoutId"] for session in sessions if "workoutId" in session})
        found: dict[str, dict[str, Any]] = {}
        for first in range(0, len(named), _MOST_KEYS):
            wanted: dict[str, Any] = {
                self._table.name: {
                    "Keys": [
                        keys.workout_key(user_id, keys.started_at(name))
                        for name in named[first : first + _MOST_KEYS]
                    ],
                    "ConsistentRead": True,
                }
            }
            while wanted:  # DynamoDB answers in pieces where a piece is full or the table is busy
                answer: Any = self._table.meta.client.batch_get_item(RequestItems=wanted)
                found |= {
                    item["workoutId"]: self._notes.opened(item)
                    for item in answer["Responses"].get(self._table.name, [])
                }
                wanted = answer.get("UnprocessedKeys", {})
        return found

    def _workout(self, item: Mapping[str, Any]) -> Workout:
        return workout_from_item(self._notes.opened(item))

    def _pages(self, **query: Any) -> Iterator[Mapping[str, Any]]:
        while True:
            page = self._table.query(**query)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _effort(item: Mapping[str, Any]) -> Effort:
    return Effort(
        started_at=datetime.fromisoformat(item["startedAt"]),
        duration_min=item.get("durationMin"),
        rpe=item.get("rpe"),
        avg_heart_rate=item.get("avgHeartRate"),
        volume_kg=item.get("volumeKg"),
        warnings=tuple(item.get("warnings", ())),
    )


class Items:
    """Reads items of `table` as they lie there, their notes in the clear."""

    def __init__(self, table: Table, notes: Notes) -> None:
        self._table = table
        self._notes = notes

    def get(self, key: keys.Key) -> Mapping[str, Any] | None:
        """What is stored at `key` right now."""
        found = self._table.get_item(Key={keys.PK: key["pk"], keys.SK: key["sk"]}, ConsistentRead=True)
        item = found.get("Item")
        return self._notes.opened(item) if item else None

    def several(self, *wanted: keys.Key) -> dict[str, Mapping[str, Any]]:
        """What is stored at a few keys of one partition right now, by sort key, read at once."""
        found: dict[str, Mapping[str, Any]] = {}
        request: dict[str, Any] = {self._table.name: {"Keys": list(wanted), "ConsistentRead": True}}
        while request:  # DynamoDB answers in pieces where the table is busy
            answer: Any = self._table.meta.client.batch_get_item(RequestItems=request)
            found |= {
                item[keys.SK]: self._notes.opened(item)
                for item in answer["Responses"].get(self._table.name, [])
            }
            request = answer.get("UnprocessedKeys", {})
        return found

    def page(
        self,
        pk: str,
        bounds: str | tuple[str, str],
        after: str | None,
        read: int,
        *,
        newest_first: bool = False,
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """One query of partition `pk`: at most `read` items after sort key `after`, in order.

        `bounds`: what the sort keys begin with, or the first and last of them. The second part is where
        the query stopped early, None where there is no more.
        """
        prefix, low, high = (bounds, "", "") if isinstance(bounds, str) else ("", *bounds)
        within = "begins_with(#sk, :prefix)" if prefix else "#sk BETWEEN :low AND :high"
        values = {":prefix": prefix} if prefix else {":low": low, ":high": high}
        first: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": {keys.PK: pk, keys.SK: after}}
        page = self._table.query(
            KeyConditionExpression=f"#pk = :pk AND {within}",
            ExpressionAttributeNames={"#pk": keys.PK, "#sk": keys.SK},
            ExpressionAttributeValues={":pk": pk, **values},
            ScanIndexForward=not newest_first,
            Limit=read,
            **first,
        )
        last = page.get("LastEvaluatedKey")
        return [self._notes.opened(item) for item in page["Items"]], str(last[keys.SK]) if last else None
