"""Records follow every change of the table, exactly, and are told of once."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.unit.cloud import TABLE, Queue
from tests.unit.stream import Stream, expected_steps
from tests.unit.training import Item, a_set, at, session, workout

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_common.events import RecordData
from wotr_workers.store import raw


@pytest.fixture
def stream(dynamodb: Any, dead_letters: DeadLetters) -> Stream:
    return Stream(dynamodb, dead_letters)


def imported(item: Item, import_id: str = "i1") -> Item:
    return {**item, "importId": import_id}


def edited(item: Item, times: int = 1) -> Item:
    return {**item, "editedAt": f"2026-06-01T00:00:00.{times:03}Z"}


def test_a_record_says_what_it_is_and_how_it_rose(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(1, 45), workout(2, 40))
    stream.deliver()
    (record,) = (item for item in stream.items() if keys.is_record(item["sk"]))
    version = record.pop("version")
    assert version > 1
    assert record == {
        **keys.record_key("ada", "longest_duration", "run"),
        "kind": "longest_duration",
        "subject": "run",
        "label": "run",
        "unit": "min",
        "lessIsBetter": False,
        "value": 45,
        "startedAt": "2026-01-02T07:00:00.000Z",
        "workoutId": "20260102T070000000Z",
        "history": [
            {"startedAt": "2026-01-01T07:00:00.000Z", "value": 30, "workoutId": "20260101T070000000Z"},
            {"startedAt": "2026-01-02T07:00:00.000Z", "value": 45, "workoutId": "20260102T070000000Z"},
        ],
    }


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_in_whatever_batches_records_are_those_of_the_history(
    stream: Stream, seed: int
) -> None:
    chance = random.Random(seed)
    days = list(range(12))
    for _ in range(40):
        day = chance.choice(days)
        made = _something(chance, day)
        if chance.random() < 0.25:
            stream.delete(made)
        else:
            stream.put(made)
        if chance.random() < 0.3:
            before = stream.delivered
            stream.deliver(chance.randint(1, 6))
            if chance.random() < 0.3:
                stream.delivered = before  # a batch that failed at its end comes again, and more with it
    stream.deliver()

    assert stream.steps() == expected_steps(stream.items())


def _something(chance: random.Random, day: int) -> Item:
    warnings = ("avgHeartRate: unusual",) if chance.random() < 0.1 else ()
    if day % 2:
        return workout(
            day, chance.randint(20, 40), distance_m=chance.choice([None, 4_000, 6_000]), warnings=warnings
        )
    sets = [
        a_set(chance.choice(["Squat", "Dip (Assisted)"]), chance.randint(4, 7) * 10, chance.randint(1, 14))
        for _ in range(chance.randint(1, 3))
    ]
    return session(day, *sets, warnings=warnings)


def test_an_edit_and_a_deletion_let_the_next_best_rise(stream: Stream) -> None:
    best = session(2, a_set("Squat", 140, 5))
    stream.put(session(0, a_set("Squat", 100, 5)), session(1, a_set("Squat", 120, 5)), best)
    stream.deliver()
    heaviest = ("heaviest_weight", "squat")
    assert [value for _, value in stream.steps()[heaviest]] == [100, 120, 140]

    stream.put({**best, "sets": [{"exercise": "Squat", "weightKg": Decimal(110), "reps": 5}]})
    stream.deliver()
    assert [value for _, value in stream.steps()[heaviest]] == [100, 120]

    stream.delete(session(0))
    stream.delete(session(1))
    stream.deliver()
    assert [value for _, value in stream.steps()[heaviest]] == [110]

    stream.delete(best)
    stream.deliver()
    assert stream.steps() == {}


def test_a_session_and_its_workout_double_nothing(stream: Stream) -> None:
    made = session(0, a_set("Squat", 100, 5), a_set("Squat", 100, 5))
    stream.put(made, workout(0, 50, type="strength", session_id=made["sessionId"], volume_kg=Decimal(1000)))
    stream.deliver()
    assert {subject: len(steps) for subject, steps in stream.steps().items()} == {
        ("longest_duration", "strength"): 1,
        ("heaviest_weight", "squat"): 1,
        ("most_reps", "squat@100 kg"): 1,
        ("best_e1rm", "squat"): 1,
        ("biggest_volume", "ALL"): 1,
    }


def test_one_user_s_records_are_no_other_s(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(1, 60, user="bob"))
    stream.deliver()
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30]


def test_a_live_record_is_told_at_once_with_what_it_beat(stream: Stream) -> None:
    stream.put(workout(0, 30, distance_m=5_000))
    stream.deliver()
    assert stream.heard() == [], "the first value is a baseline"

    stream.put({**workout(40, 65, distance_m=5_000), "correlationId": "call-1"})
    stream.deliver()

    (heard,) = stream.heard()
    attributes = {name: each["Value"] for name, each in heard["MessageAttributes"].items()}
    assert attributes == {"userId": "ada", "type": "run", "kind": "longest_duration"}
    assert json.loads(heard["Message"]) == {
        "version": 1,
        "userId": "ada",
        "kind": "longest_duration",
        "subject": "run",
        "label": "run",
        "value": 65,
        "unit": "min",
        "previous": 30,
        "type": "run",
        "workoutId": "20260210T070000000Z",
        "startedAt": "2026-02-10T07:00:00.000Z",
        "message": "Longest run: 1 h 5 min (before: 30 min)",
    }
    (note,) = (item for item in stream.items() if keys.is_record_log(item["sk"]))
    assert note["correlationId"] == "call-1"
    assert RecordData.model_validate(note).previous == 30


def test_a_session_is_told_of_when_it_ends_with_its_best(stream: Stream) -> None:
    stream.put(session(0, a_set("Squat", 100, 5)))
    begun = session(1, a_set("Squat", 110, 5), state="open")
    stream.put(begun)
    stream.deliver()
    assert stream.heard() == []

    ended = session(1, a_set("Squat", 110, 5), a_set("Squat", 120, 5))
    stream.put(edited(ended))
    stream.deliver()

    assert stream.told() == [
        "Best estimated maximum of Squat: 140 kg (before: 116.667 kg)",
        "Biggest volume of a session: 1150 kg (before: 500 kg)",
        "Heaviest Squat: 120 kg (before: 100 kg)",
    ]


def test_a_record_is_told_once_whatever_comes_again(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 60))
    stream.deliver()
    stream.delivered = 0
    stream.deliver()
    stream.put(edited(workout(40, 60)), edited(workout(40, 70), 2))
    stream.deliver()
    assert stream.told() == ["Longest run: 1 h (before: 30 min)"]


def test_an_edit_that_makes_a_record_is_told(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 25))
    stream.deliver()
    stream.put(edited(workout(40, 60)))
    stream.deliver()
    assert stream.told() == ["Longest run: 1 h (before: 30 min)"]


def test_a_session_begun_filled_and_ended_within_a_batch_is_told_of(stream: Stream) -> None:
    stream.put(session(0, a_set("Squat", 100, 5)))
    stream.deliver()
    begun = session(1, state="open")
    stream.put(begun, edited(session(1, a_set("Squat", 110, 5)), 2))
    stream.deliver()
    assert "Heaviest Squat: 110 kg (before: 100 kg)" in stream.told()


def test_a_workout_that_is_moved_to_another_start_is_not_told_of_again(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 60))
    stream.deliver()
    stream.heard()
    stream.delete(workout(40))
    stream.put(edited(workout(41, 60)))
    stream.deliver()
    assert stream.heard() == []


def test_what_an_import_changes_or_its_undo_puts_back_is_not_told_of(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(1, 20))
    stream.deliver()
    stream.put({**workout(1, 60), "changedBy": "i1", "changedRow": "i1/v:2"})
    stream.deliver()
    stream.put(workout(1, 50))
    stream.deliver()
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30, 50]
    assert stream.heard() == []


def test_nothing_is_told_of_a_workout_that_others_made_a_record(stream: Stream) -> None:
    stream.put(workout(40, 60))
    stream.deliver()
    stream.put(workout(0, 30))  # logged later, and now the other one is more than a baseline
    stream.deliver()
    stream.put(edited({**workout(40, 60), "notes": "windy"}))
    stream.deliver()
    assert stream.heard() == []


def test_imported_history_is_never_told_of(stream: Stream) -> None:
    stream.put(imported(workout(0, 30)), imported(workout(1, 60)))
    assert stream.deliver().broken == 0
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30, 60]
    assert stream.heard() == []


def test_a_workout_longer_than_all_others_of_the_thirty_days_before_it_is_told(stream: Stream) -> None:
    stream.put(
        workout(0, 300, type="ride"),  # more than thirty days before
        workout(10, 90, type="yoga"),
        workout(20, 500, type="ride", warnings=("avgHeartRate: unusual",)),
        workout(25, None, type="strength"),
    )
    stream.deliver()
    stream.heard()
    stream.put(workout(39.5, 95, type="swim"))
    stream.deliver()
    assert stream.told() == ["Longest workout of 30 days: 1 h 35 min (before: 1 h 30 min)"]


def test_a_workout_no_longer_than_another_of_thirty_days_or_without_any_is_not_told(stream: Stream) -> None:
    stream.put(workout(0, 30, type="ride"))
    stream.deliver()
    stream.put(workout(30, 30, type="swim"), workout(61, 90, type="row"))
    stream.deliver()
    assert stream.heard() == []


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


def test_an_unreadable_change_is_set_aside_and_its_neighbours_are_followed(
    stream: Stream, queue: Queue
) -> None:
    stream.put(workout(0, 30), workout(1, 60))
    stream.records[0]["dynamodb"]["Keys"]["pk"] = {"S": "nobody"}
    batch = stream.deliver()
    assert (batch.set_aside, batch.failed_ids) == (1, [])
    (letter,) = queue.messages()
    assert letter["reason"] == "cannot be read: ValueError"
    assert json.loads(letter["body"]) == stream.records[0]
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [60]


def test_a_user_whose_changes_make_no_sense_does_not_hold_up_the_others(stream: Stream, queue: Queue) -> None:
    stream.put(workout(0, 30, user="bob"), workout(0, 30))
    del stream.records[0]["dynamodb"]["NewImage"]["startedAt"]
    batch = stream.deliver()
    assert (batch.set_aside, batch.failed_ids) == (1, [])
    assert queue.messages()[0]["reason"] == "cannot be kept: KeyError"
    assert list(stream.steps()) == [("longest_duration", "run")]


def test_where_the_table_cannot_be_reached_the_changes_come_again(stream: Stream, dynamodb: Any) -> None:
    stream.put(workout(0, 30), workout(1, 60))
    dynamodb.delete_table(TableName=TABLE)
    batch = stream.deliver()
    assert (batch.set_aside, batch.failed_ids) == (0, ["0", "1"])


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


def test_a_record_that_changes_under_the_function_is_read_again(stream: Stream, dynamodb: Any) -> None:
    stream.put(workout(0, 30))
    stream.deliver()
    other = Stream(boto3.client("dynamodb"), DeadLetters(boto3.client("sqs"), "none"))

    def meanwhile() -> None:
        other.put(workout(1, 50))
        other.deliver()

    stream.put(workout(2, 60))
    reads: list[int] = []

    def second(**_: Any) -> None:  # the first read is that of the lease
        reads.append(1)
        if len(reads) == 2:
            meanwhile()

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", second)
    stream.deliver()
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30, 50, 60]


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
