"""The consumers of services/workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from consumer import Consumer, Item, World
from history import start, workout
from listener import BusListener

from stage_client import Athlete, TopicListener
from wotr_common import keys
from wotr_common.items import workout_item
from wotr_common.messages import AcceptedWorkout
from wotr_common.workout import Workout

_WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:TransactWriteItems")
_READS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")


class Write(Consumer):
    """Queue to table."""

    name = "write"
    function = "workers/WriteFunction"
    last_queue = "workers.WorkoutDeadLetterQueueUrl"
    items = 12
    effects = throttled = ("dynamodb:PutItem",)
    comes_twice = True

    def inputs(self, users: Sequence[str]) -> list[str]:
        return [_accepted(user, day) for day in range(6) for user in users]

    def send(self, inputs: Sequence[str]) -> None:
        self.world.send(self.world.stage.outputs("workers")["WorkoutQueueUrl"], inputs)

    def found(self, users: Sequence[str]) -> list[Item]:
        stored = [self.world.signed("/workouts", userId=user)["workouts"] for user in users]
        return [_without(each, "version", "createdAt") for workouts in stored for each in workouts]

    def poison(self, users: Sequence[str]) -> str:
        self.send([f'{{"version": 1, "userId": "{users[0]}", "workout": "none at all"}}'])
        return "none at all"


class _OfTheStream(Consumer):
    """Reads the table's stream: is fed by changes of the table, one after the other."""

    reads_stream = True

    def send(self, inputs: Sequence[tuple[Workout, bool]]) -> None:
        """Store each workout, or delete it where it is said to be gone."""
        for changed, gone in inputs:
            if gone:
                self._delete(changed)
            else:
                self.world.put(self.world.workouts, workout_item(changed, 1))

    def poison(self, users: Sequence[str]) -> str:
        """An item that looks like a workout and does not say when it was. It stays: so would its deletion."""
        user = f"{users[0]}-poison"
        key = keys.workout_key(user, start(0))
        self.world.put(self.world.workouts, {**key, "type": "run", "workoutId": "poison", "durationMin": 30})
        return user

    def _delete(self, gone: Workout) -> None:
        key = keys.workout_key(gone.user_id, gone.started_at)
        self.world.dynamodb.delete_item(
            TableName=self.world.workouts, Key={"pk": {"S": key["pk"]}, "sk": {"S": key["sk"]}}
        )


class Records(_OfTheStream):
    """Stream to records, and to the topic that tells of them: at least once, so the same news counts once."""

    name = "records"
    function = "workers/RecordsFunction"
    last_queue = "workers.RecordsFailuresQueueUrl"
    items = 12  # for each of two athletes: duration, distance, pace, and the news of three
    effects = ("dynamodb:PutItem", "dynamodb:DeleteItem", "sns:Publish")
    throttled = ("dynamodb:PutItem", *_READS)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._athletes: dict[str, Athlete] = {}
        self._topic = TopicListener(world.stage.outputs("workers")["RecordsTopicArn"])

    def users(self) -> list[str]:
        made = [self.world.stage.athlete() for _ in range(2)]
        self._athletes |= {each.user_id: each for each in made}
        return [each.user_id for each in made]

    def inputs(self, users: Sequence[str]) -> list[tuple[Workout, bool]]:
        # The second lasts longest and the third is fastest, whatever batches they come in.
        days = enumerate((30, 45, 20, 40, 35))
        return [(workout(user, day, minutes), False) for day, minutes in days for user in users]

    def found(self, users: Sequence[str]) -> list[Item]:
        answers = [self._athletes[user].call("GET", "/me/records").json()["records"] for user in users]
        kept = [
            {"user": user, **_without(each, "version")}
            for user, records in zip(users, answers, strict=True)
            for each in records
        ]
        return kept + _distinct(each for each in self._topic.messages() if each["userId"] in users)

    def close(self) -> None:
        self._topic.close()


class PrLog(Consumer):
    """Topic's queue to notes."""

    name = "pr_log"
    function = "workers/PrLogFunction"
    last_queue = "workers.PrLogDeadLetterQueueUrl"
    items = 12
    effects = throttled = ("dynamodb:PutItem",)
    comes_twice = True

    def inputs(self, users: Sequence[str]) -> list[str]:
        return [json.dumps(_told(user, day)) for day in range(6) for user in users]

    def send(self, inputs: Sequence[str]) -> None:
        self.world.send(self.world.stage.outputs("workers")["PrLogQueueUrl"], inputs)

    def found(self, users: Sequence[str]) -> list[Item]:
        return [note for user in users for note in self.world.stored(user, keys.is_record_log)]

    def poison(self, users: Sequence[str]) -> str:
        self.send([json.dumps({**_told(users[0], 1), "value": "heavy"})])
        return "heavy"


class Publish(_OfTheStream):
    """Stream to bus: each change at least once, in order; the same change is the same event by its id."""

    name = "publish"
    function = "workers/PublishFunction"
    last_queue = "workers.PublishFailuresQueueUrl"
    items = 14  # for each of two users: four workouts, a change and a deletion, and the order of all that
    effects = throttled = ("events:PutEvents",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._bus = BusListener(world)

    def users(self) -> list[str]:
        made = super().users()
        self._bus.listen_for(made)
        return made

    def inputs(self, users: Sequence[str]) -> list[tuple[Workout, bool]]:
        changes = [(0, 1, False), (1, 1, False), (0, 2, False), (2, 1, False), (1, 1, True), (3, 1, False)]
        return [
            (workout(user, day, 29 + version, version), gone)
            for day, version, gone in changes
            for user in users
        ]

    def found(self, users: Sequence[str]) -> list[Item]:
        events = {each["id"]: each for each in self._bus.heard(users) if each["name"].startswith("workout.")}
        told = [[each["userId"], each["name"], each["data"]["startedAt"]] for each in events.values()]
        return told + [[user, *(each[1:] for each in told if each[0] == user)] for user in users]

    def close(self) -> None:
        self._bus.close()


class ImportCsv(Consumer):
    """Bucket to table and topic."""

    name = "import_csv"
    function = "workers/ImportCsvFunction"
    last_queue = "workers.ImportDeadLetterQueueUrl"
    items = 28  # four files of seven rows, one of them bad: the workouts, and the news of how each file ended
    effects = (*_WRITES, "dynamodb:BatchWriteItem", "sns:Publish")
    throttled = (*_WRITES, *_READS)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._topic = TopicListener(world.stage.outputs("workers")["ImportsTopicArn"])

    def inputs(self, users: Sequence[str]) -> list[tuple[str, str, bytes]]:
        head = "type,startedAt,durationMin"
        months = {
            month: [f"run,2026-{month}-0{day}T07:00:00Z,{'?' if day == 5 else 30}" for day in range(1, 8)]
            for month in ("01", "02")
        }
        return [
            (user, f"month-{month}", "\n".join([head, *rows]).encode())
            for month, rows in months.items()
            for user in users
        ]

    def send(self, inputs: Sequence[tuple[str, str, bytes]]) -> None:
        for user, import_id, content in inputs:
            self.world.stage.upload_csv(user, import_id, content)

    def found(self, users: Sequence[str]) -> list[Item]:
        stored = [self.world.signed("/workouts", userId=user)["workouts"] for user in users]
        told = _distinct(each for each in self._topic.messages() if each["userId"] in users)
        return [_without(each, "version", "createdAt") for workouts in stored for each in workouts] + told

    def poison(self, users: Sequence[str]) -> str:
        bucket = self.world.stage.outputs("data")["UploadsBucketName"]
        self.world.s3.put_object(Bucket=bucket, Key=f"uploads/{users[0]}/no-export.txt", Body=b"x")
        return "no-export.txt"

    def time_passes(self, users: Sequence[str], is_idle: Callable[[], bool]) -> None:
        """A killed import holds its athlete's lease until its invocation would have ended: minutes."""
        table = self.world.workouts
        for user in users:
            key = {name: {"S": value} for name, value in keys.lease_key(user).items()}
            lease = self.world.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
            if lease and is_idle():
                # Another one may have taken it meanwhile.
                with suppress(self.world.dynamodb.exceptions.ConditionalCheckFailedException):
                    self.world.dynamodb.delete_item(
                        TableName=table,
                        Key=key,
                        ConditionExpression="holder = :dead",
                        ExpressionAttributeValues={":dead": lease["holder"]},
                    )

    def close(self) -> None:
        self._topic.close()


def _accepted(user: str, day: int) -> str:
    """What api puts into the workout queue."""
    said = {"type": "run", "startedAt": start(day).isoformat(), "durationMin": 30}
    return AcceptedWorkout.model_validate(
        {"userId": user, "acceptedAt": start(day), "correlationId": f"{user}-{day}", "workout": said}
    ).text()


def _told(user: str, day: int) -> dict[str, Any]:
    """What the records topic says of a record."""
    said = {"kind": "longest_duration", "subject": "run", "label": "run", "unit": "min", "type": "run"}
    numbers = {"version": 1, "value": 40 + day, "previous": 39 + day}
    when = {"userId": user, "startedAt": start(day).isoformat(), "message": "longer than ever"}
    return {**said, **numbers, **when}


def _distinct(messages: Iterable[dict[str, Any]]) -> list[Item]:
    """Each message once: whoever listens to a topic hears it at least once."""
    return list({json.dumps(each, sort_keys=True): each for each in messages}.values())


def _without(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}
