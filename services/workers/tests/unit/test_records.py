"""Records are those of the history, whatever happens to it in whatever order."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import boto3
import pytest
from tests.unit.cloud import TABLE, Queue
from tests.unit.stream import Stream, expected_steps
from tests.unit.training import Item, a_set, session, workout

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters


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


def test_the_weeks_before_a_batch_are_read_once_for_all_of_it(stream: Stream, dynamodb: Any) -> None:
    queries: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb.Query", lambda model, **_: queries.append(model.name))
    stream.put(*(workout(day, 30 + day % 3) for day in range(20)))

    stream.deliver()

    assert queries == ["Query"]


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


def test_a_change_that_is_told_late_counts_as_what_is_there_now(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(1, 60), workout(2, 90))
    stream.delete(workout(1))
    stream.put(workout(2, 40))
    stream.deliver(3)
    assert [value for _, value in stream.steps()["longest_duration", "run"]] == [30, 40]
    assert stream.told() == [
        "Longest run: 40 min (before: 30 min)",
        "Longest workout of 30 days: 40 min (before: 30 min)",
    ]


def test_changes_that_are_told_in_the_wrong_order_or_again_do_no_harm(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(1, 60), workout(2, 90))
    stream.deliver()
    stream.put(workout(1, 95))
    stream.delete(workout(2))
    stream.records.reverse()
    stream.delivered = 0
    stream.deliver(1)
    stream.deliver()
    assert stream.steps() == expected_steps(stream.items())


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
