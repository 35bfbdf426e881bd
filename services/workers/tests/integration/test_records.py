"""Records on a deployed stage: exact whatever the order and whoever writes, told of once."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from tests.integration.stage import Ear, eventually
from tests.unit.stream import expected_steps
from tests.unit.training import Item, a_set, at, session, workout

from wotr_common import keys
from wotr_common.messages import AcceptedWorkout
from wotr_workers.records.kept import KeptRecords
from wotr_workers.records.rebuild import Rebuilder
from wotr_workers.store import Table, plain, raw

Steps = dict[tuple[str, str], list[tuple[str, Any]]]


@pytest.fixture(scope="module")
def topic(outputs: dict[str, str]) -> Iterator[Ear]:
    """Hears of broken records."""
    ear, sns = Ear(), boto3.client("sns")
    subscription = sns.subscribe(
        TopicArn=outputs["workers.RecordsTopicArn"],
        Protocol="sqs",
        Endpoint=ear.arn,
        ReturnSubscriptionArn=True,
    )
    yield ear
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    ear.close()


class History:
    """What one user has on the stage."""

    def __init__(self, outputs: dict[str, str], user: str) -> None:
        self.user = user
        self.table = outputs["data.WorkoutsTableName"]
        self._queue = outputs["workers.WorkoutQueueUrl"]
        self._dynamodb = boto3.client("dynamodb")
        self.kept = KeptRecords(Table(self._dynamodb, self.table), lambda: datetime.now(UTC))

    def log(self, days: Sequence[tuple[int, int]]) -> None:
        """Log runs of (day, minutes) as api would: through the queue."""
        bodies = [
            AcceptedWorkout.model_validate(
                {
                    "userId": self.user,
                    "acceptedAt": at(day),
                    "correlationId": f"{self.user}-{day}",
                    "workout": {
                        "type": "run",
                        "startedAt": at(day),
                        "durationMin": minutes,
                        "distanceM": 5000,
                    },
                }
            ).text()
            for day, minutes in days
        ]
        entries: Any = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        boto3.client("sqs").send_message_batch(QueueUrl=self._queue, Entries=entries)

    def put(self, item: Item) -> None:
        self._dynamodb.put_item(TableName=self.table, Item=raw(item))

    def delete(self, item: Item) -> None:
        self._dynamodb.delete_item(
            TableName=self.table, Key=raw({keys.PK: item[keys.PK], keys.SK: item[keys.SK]})
        )

    def items(self) -> list[Item]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=raw({":pk": keys.user_pk(self.user)}),
            ConsistentRead=True,
        )
        return [plain(item) for page in pages for item in page["Items"]]

    def workouts(self) -> int:
        return sum(keys.is_workout(item["sk"]) for item in self.items())

    def noted(self) -> set[tuple[str, str]]:
        """Kind and start of each record that was told of."""
        return {(each["kind"], each["startedAt"]) for each in self.items() if keys.is_record_log(each["sk"])}

    def records(self) -> tuple[Steps, Steps]:
        """The steps that are kept, and those that workouts and sessions amount to."""
        items = self.items()
        kept = {
            (item["kind"], item["subject"]): [(each["startedAt"], each["value"]) for each in item["history"]]
            for item in items
            if keys.is_record(item["sk"]) and item["history"]
        }
        return kept, expected_steps(items)

    def are_exact(self) -> None:
        """Wait until the kept records are those of the history."""
        eventually(self.records, lambda found: found[0] == found[1])


@pytest.fixture
def history(outputs: dict[str, str], user: str) -> History:
    return History(outputs, user)


def a_session(history: History, day: int, weight: int) -> Item:
    return session(day, a_set("Squat", weight, 5), a_set("Dip (Assisted)", weight, 8), user=history.user)


def test_workouts_and_sessions_logged_at_once_in_any_order_give_exact_records(history: History) -> None:
    chance = random.Random(7)
    runs = [(day, chance.randint(20, 60)) for day in range(40)]
    sessions = [a_session(history, day, chance.randint(4, 12) * 10) for day in range(40, 60)]
    chance.shuffle(runs)
    chance.shuffle(sessions)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(history.log, (runs[start : start + 5] for start in range(0, len(runs), 5))))
        list(pool.map(history.put, sessions))
    eventually(history.workouts, lambda count: count == len(runs))

    history.are_exact()
    kept, _ = history.records()
    assert {kind for kind, _ in kept} == {
        "longest_duration",
        "longest_distance",
        "fastest_pace",
        "heaviest_weight",
        "most_reps",
        "best_e1rm",
        "biggest_volume",
    }


def test_records_follow_edits_and_deletions(history: History) -> None:
    made = [a_session(history, day, weight) for day, weight in enumerate((100, 120, 140, 130))]
    for item in made:
        history.put(item)
    history.are_exact()
    assert [value for _, value in history.records()[0]["heaviest_weight", "squat"]] == [100, 120, 140]

    history.put(a_session(history, 2, 110))
    history.delete(made[0])
    history.are_exact()
    eventually(
        lambda: [value for _, value in history.records()[0]["heaviest_weight", "squat"]],
        lambda values: values == [120, 130],
    )

    for item in made:
        history.delete(item)
    eventually(history.records, lambda found: found == ({}, {}))


def test_a_rebuild_beside_live_workouts_ends_exact(history: History) -> None:
    for day in range(0, 30, 2):
        history.put({**workout(day, 30 + day, user=history.user), "importId": "i1"})
    lease = {"importId": "i1", "until": int(datetime.now(UTC).timestamp()) + 600}
    history.put({**keys.lease_key(history.user), **lease})
    live = [workout(day, 100 - day, user=history.user) for day in range(1, 30, 2)]

    def come_and_go() -> None:
        for item in live:
            history.put(item)
        for item in live[::2]:
            history.delete(item)

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(come_and_go)
        while not busy.done():
            Rebuilder(history.kept).rebuild(history.user, "i1")
    Rebuilder(history.kept).rebuild(history.user, "i1")

    history.are_exact()


def test_a_broken_record_is_told_once(history: History, topic: Ear) -> None:
    first, second = workout(0, 30, user=history.user), workout(1, 45, user=history.user)
    for item in (first, second, {**second, "notes": "windy"}):
        history.put(item)
    eventually(history.noted, lambda found: len(found) == 2)  # an edit before that may tell again
    history.put(workout(1, 50, user=history.user))
    history.are_exact()
    history.put(workout(2, 55, user=history.user))

    def told() -> list[Any]:
        found = [json.loads(heard["Message"]) for heard in topic.heard()]
        return [said for said in found if said["userId"] == history.user]

    eventually(told, lambda found: any(said["value"] == 55 for said in found))
    history.are_exact()
    counted = Counter((said["kind"], said["startedAt"]) for said in told())
    assert set(counted.values()) == {1}
    assert {kind for kind, _ in counted} == {"longest_duration", "longest_30_days"}
    eventually(history.noted, lambda found: found == set(counted))


def test_every_delivery_to_the_log_is_logged_by_the_topic(history: History, outputs: dict[str, str]) -> None:
    *_, region, account, name = outputs["workers.RecordsTopicArn"].split(":")
    logs, began = boto3.client("logs"), int(datetime.now(UTC).timestamp() * 1000)
    for day, minutes in ((0, 30), (1, 45)):
        history.put(workout(day, minutes, user=history.user))
    eventually(history.noted, lambda found: len(found) == 2)

    def logged() -> list[Any]:
        found = logs.filter_log_events(logGroupName=f"sns/{region}/{account}/{name}", startTime=began - 1000)
        lines = [json.loads(event["message"]) for event in found["events"]]
        return [each for each in lines if each["delivery"]["destination"] == outputs["workers.PrLogQueueArn"]]

    lines = eventually(logged, lambda found: len(found) >= 2)
    assert {each["status"] for each in lines} == {"SUCCESS"}
    assert {each["notification"]["topicArn"] for each in lines} == {outputs["workers.RecordsTopicArn"]}
    groups = logs.describe_log_groups(logGroupNamePrefix=f"sns/{region}/{account}/{name}")["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [30, 30]
