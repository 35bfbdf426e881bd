"""Imports on a deployed stage: asked, added to, linked, taken back, one at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from tests.integration.stage import Ear, eventually

from wotr_common import keys
from wotr_common.messages import Command
from wotr_workers.store import Item, Table

HEADER = "Date,Workout Name,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE"
SAID = {"weight-unit": "kg", "distance-unit": "km", "timezone": "Europe/Berlin"}


def strong(*sets: tuple[int, int, int]) -> bytes:
    """An export of sets of (day, weight, repetitions)."""
    rows = [
        f'2026-01-{day:02} 18:00:00,"Push","Bench Press (Barbell)",{place},{weight},{reps},0,0,"","",'
        for place, (day, weight, reps) in enumerate(sets, 1)
    ]
    return "\n".join([HEADER, *rows]).encode()


@pytest.fixture(scope="module")
def topic(outputs: dict[str, str]) -> Iterator[Ear]:
    """Hears how imports end."""
    ear, sns = Ear(), boto3.client("sns")
    subscription = sns.subscribe(
        TopicArn=outputs["workers.ImportsTopicArn"],
        Protocol="sqs",
        Endpoint=ear.arn,
        ReturnSubscriptionArn=True,
    )
    yield ear
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    ear.close()


class Athlete:
    """What one user does with imports, and what they have."""

    def __init__(self, outputs: dict[str, str], topic: Ear, user: str) -> None:
        self._outputs = outputs
        self._topic = topic
        self._user = user
        self._table = Table(boto3.client("dynamodb"), outputs["data.WorkoutsTableName"])

    def upload(self, import_id: str, content: bytes, said: Mapping[str, str]) -> None:
        boto3.client("s3").put_object(
            Bucket=self._outputs["data.UploadsBucketName"],
            Key=f"uploads/{self._user}/{import_id}.csv",
            Body=content,
            Metadata=dict(said),
        )

    def told(self, import_id: str, *states: str) -> dict[str, Any]:
        """The message that the import is in one of `states`."""

        def found() -> list[dict[str, Any]]:
            said = (json.loads(heard["Message"]) for heard in self._topic.heard())
            return [
                each
                for each in said
                if (each["userId"], each["importId"]) == (self._user, import_id) and each["state"] in states
            ]

        return eventually(found, bool)[-1]

    def imported(self, import_id: str, content: bytes, said: Mapping[str, str] = SAID) -> dict[str, Any]:
        self.upload(import_id, content, said)
        return self.told(import_id, "done", "refused")

    def undone(self, import_id: str) -> dict[str, Any]:
        command = Command(
            name="import.undo",
            user_id=self._user,
            command_id=f"undo-{import_id}",
            correlation_id=f"undo-{import_id}",
            arguments={"importId": import_id},
        )
        boto3.client("lambda").invoke(
            FunctionName=self._outputs["workers.CommandFunctionArn"], Payload=command.text().encode()
        )
        return self.told(import_id, "undone")

    def history(self) -> list[Item]:
        """Workouts, sessions and ids of apps, without their versions."""
        found = self._table.between(keys.user_pk(self._user), "A", "~")
        wanted: tuple[Callable[[str], bool], ...] = (keys.is_workout, keys.is_session, keys.is_source)
        return [
            {name: value for name, value in item.items() if name != "version"}
            for item in found
            if any(is_one(item[keys.SK]) for is_one in wanted)
        ]


@pytest.fixture
def athlete(outputs: dict[str, str], topic: Ear, user: str) -> Athlete:
    return Athlete(outputs, topic, user)


def test_a_history_is_asked_about_imported_added_to_and_taken_back(athlete: Athlete) -> None:
    earlier = strong((1, 100, 5), (1, 100, 5), (3, 105, 5))
    later = strong((1, 100, 5), (1, 100, 6), (3, 105, 5), (5, 110, 3))

    refused = athlete.imported("asked", earlier, {})
    assert (refused["state"], sorted(refused["questions"])) == ("refused", ["timezone", "weightUnit"])
    assert athlete.history() == []

    assert athlete.imported("first", earlier)["message"] == "3 new, 0 known, 0 set aside"
    before = athlete.history()
    done = athlete.imported("second", later)
    assert done["message"] == "1 new, 3 known (1 changed), 0 set aside"
    assert done["records"]["count"] > 0

    assert athlete.undone("second")["state"] == "undone"
    assert athlete.history() == before
    athlete.undone("first")
    assert athlete.history() == []


def test_exports_that_come_at_once_are_imported_one_after_the_other(athlete: Athlete) -> None:
    exports = {
        f"at-once-{number}": strong(*((day, 100, 5) for day in range(1, 2 + number))) for number in range(4)
    }
    for import_id, content in exports.items():
        athlete.upload(import_id, content, SAID)

    counts = [athlete.told(import_id, "done")["counts"] for import_id in exports]

    assert [each["rows"] for each in counts] == [1, 2, 3, 4]
    assert sum(each["new"] for each in counts) == 4
    assert sum(keys.is_session(item[keys.SK]) for item in athlete.history()) == 4
