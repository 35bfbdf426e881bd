"""An import leaves records to one pass at its end, which stays exact beside live changes."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.unit.cloud import TABLE
from tests.unit.stream import Stream, expected_steps
from tests.unit.training import a_set, at, imported, session, workout

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_workers.store import raw


def test_what_an_import_writes_is_left_to_the_rebuild_at_its_end(stream: Stream) -> None:
    stream.put(imported(workout(0, 30)))
    stream.deliver()
    stream.hold_lease("i2")
    stream.put(imported(workout(1, 60), "i2"))
    stream.put({**imported(workout(0, 90)), "changedBy": "i2", "changedRow": "i2/v:2"})
    stream.deliver()
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30]

    assert stream.rebuilder.rebuild("ada", "i2") == {"count": 0, "top": []}
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [90]


def test_what_an_athlete_changes_while_an_import_is_at_work_is_followed_at_once(stream: Stream) -> None:
    stream.put(imported(workout(0, 30)), imported(workout(1, 60)), imported(workout(2, 90)))
    stream.deliver()
    stream.hold_lease("i1")
    stream.delete(workout(2))
    stream.put({**imported(workout(1, 50)), "editedAt": "2026-06-01T00:00:00.000Z"})
    stream.deliver()
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30, 50]


def test_what_an_undo_deletes_is_left_to_the_rebuild_at_its_end(stream: Stream) -> None:
    stream.put(imported(workout(0, 30)), workout(1, 20))
    stream.deliver()
    stream.hold_lease("i1", "undoing")
    stream.delete(workout(0))
    stream.deliver()
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30]

    stream.rebuilder.rebuild("ada", "i1")
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [20]


@pytest.mark.parametrize(
    "change", ["better", "hidden", "gone", "unheard and gone", "new subject", "new and gone"]
)
def test_a_rebuild_overtaken_by_a_live_change_still_ends_exact(
    stream: Stream, dynamodb: Any, change: str
) -> None:
    stream.put(*(imported(workout(day, 30 + day)) for day in (0, 1, 2)), workout(3, 40))
    stream.put(imported(workout(2.5, 100)))
    stream.deliver()
    stream.dynamodb = boto3.client("dynamodb")  # of the athlete, who is not interrupted
    stream.hold_lease("i1", "undoing")
    stream.dynamodb.delete_item(TableName=TABLE, Key=raw(keys.workout_key("ada", at(2.5))))
    swim, row = workout(5, 10, type="swim"), workout(6, 10, type="row")
    stream.put(row)  # the function has not heard of it yet
    other = Stream(stream.dynamodb, DeadLetters(boto3.client("sqs"), "none"))

    def meanwhile() -> None:
        match change:
            case "better":
                other.put(workout(3, 50))
            case "hidden":
                other.put(workout(4, 60))
            case "gone":
                other.delete(workout(3))
            case "unheard and gone":
                other.delete(row)
            case "new subject":
                other.put(swim)
            case _:
                other.put(swim)
                other.deliver()
                other.delete(swim)
        other.deliver()

    # The history of workouts is the second query; it has been read when the change comes.
    seen: list[int] = []

    def second(**_: Any) -> None:
        seen.append(1)
        if len(seen) == 2:
            meanwhile()

    dynamodb.meta.events.register("after-call.dynamodb.Query", second)
    stream.rebuilder.rebuild("ada", "i1")

    assert stream.steps() == expected_steps(stream.items())


def test_a_rebuild_gives_up_only_with_an_error_that_lets_it_be_tried_again(
    stream: Stream, dynamodb: Any
) -> None:
    stream.put(workout(0, 30))
    dynamodb.delete_table(TableName=TABLE)
    with pytest.raises(ClientError):
        stream.rebuilder.rebuild("ada", "i1")


def test_a_rebuild_clears_what_nothing_stands_behind_and_brings_a_digest(stream: Stream) -> None:
    stream.put(workout(0, 10, type="ski"))
    stream.deliver()
    stream.dynamodb.delete_item(TableName=TABLE, Key=raw(keys.workout_key("ada", at(0))))
    history = [
        session(0, a_set("Squat", 100, 5)),
        imported(session(1, a_set("Squat", 110, 6))),
        imported(session(2, a_set("Squat", 120, 3), a_set("Squat", 110, 7))),
        workout(3, 30),
    ]
    for item in history:
        stream.dynamodb.put_item(TableName=TABLE, Item=raw(item))

    found = stream.rebuilder.rebuild("ada", "i1")

    assert found["count"] == 4
    assert [each["message"] for each in found["top"]] == [
        "Best estimated maximum of Squat: 135.667 kg (before: 132 kg)",
        "Biggest volume of a session: 1130 kg (before: 660 kg)",
        "Heaviest Squat: 120 kg (before: 110 kg)",
        "Most repetitions of Squat at 110 kg: 7 (before: 6)",
    ]
    assert found["top"][2] == {
        "kind": "heaviest_weight",
        "subject": "squat",
        "label": "Squat",
        "unit": "kg",
        "value": 120,
        "previous": 110,
        "startedAt": "2026-01-03T07:00:00.000Z",
        "message": "Heaviest Squat: 120 kg (before: 110 kg)",
    }
    assert stream.steps() == expected_steps(stream.items())


def test_a_rebuild_of_what_is_right_already_writes_nothing(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(1, 60), session(2, a_set("Squat", 100, 5)))
    stream.deliver()
    before = stream.items()
    stream.rebuilder.rebuild("ada", "i1")
    assert sorted(stream.items(), key=str) == sorted(before, key=str)
