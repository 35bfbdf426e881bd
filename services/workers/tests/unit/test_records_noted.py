"""What the topic told is noted once, and every note becomes an event."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import boto3
from tests.unit.cloud import TABLE, Queue
from tests.unit.stream import Stream, stream_record
from tests.unit.training import a_set, session, workout

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_common.events import RecordBroken
from wotr_workers.publisher import event_in
from wotr_workers.records.noting import note
from wotr_workers.store import Item, Table, raw


def notes(stream: Stream) -> list[Item]:
    return [item for item in stream.items() if keys.is_record_log(item["sk"])]


def told(stream: Stream) -> list[dict[str, Any]]:
    """One record of a run, told with a correlation id, as `pr_log` gets it."""
    stream.put(workout(0, 30), {**workout(40, 65), "correlationId": "call-1"})
    stream.deliver(noted=False)
    return stream.told_records()


def test_a_note_says_what_was_told_and_becomes_the_event(stream: Stream, dead_letters: DeadLetters) -> None:
    batch = note(told(stream), stream.kept.table, dead_letters)

    assert (batch.noted, batch.duplicates, batch.set_aside, batch.failed_ids) == (1, 0, 0, [])
    (found,) = notes(stream)
    assert found == {
        **keys.record_log_key(
            "ada", datetime.fromisoformat("2026-02-10T07:00:00Z"), "longest_duration", "run"
        ),
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
        "correlationId": "call-1",
    }
    event = event_in(stream_record(1, found, None, raw(found)))
    assert isinstance(event, RecordBroken)
    assert event.correlation_id == "call-1"
    assert (event.data.value, event.data.previous) == (Decimal(65), Decimal(30))


def test_a_message_that_comes_again_is_a_success_and_changes_nothing(
    stream: Stream, dead_letters: DeadLetters
) -> None:
    records = told(stream)
    note(records, stream.kept.table, dead_letters)
    before = notes(stream)
    louder = [{**record, "body": record["body"].replace("before", "BEFORE")} for record in records]

    batch = note(louder, stream.kept.table, dead_letters)

    assert (batch.noted, batch.duplicates, batch.failed_ids) == (0, 1, [])
    assert notes(stream) == before


def test_every_kind_of_record_is_noted_as_it_was_told(stream: Stream, dead_letters: DeadLetters) -> None:
    stream.put(workout(0, 30, distance_m=5_000), session(0, a_set("Squat", 100, 5)))
    stream.deliver()
    stream.heard()
    stream.put(workout(40, 65, distance_m=21_100), session(40, a_set("Squat", 117.5, 7)))
    stream.deliver()
    said = sorted(json.loads(each["Message"])["message"] for each in stream.heard())
    assert len(said) == 5
    assert sorted(each["message"] for each in notes(stream)) == said


def test_a_note_without_a_correlation_id_has_none(stream: Stream) -> None:
    stream.put(workout(0, 30), workout(40, 65))
    stream.deliver()
    (found,) = notes(stream)
    assert "correlationId" not in found


def test_poison_is_set_aside_with_its_reason_and_its_neighbours_are_noted(
    stream: Stream, queue: Queue, dead_letters: DeadLetters
) -> None:
    (good,) = told(stream)
    body = json.loads(good["body"])
    poison = [
        {**good, "messageId": "text", "body": "poison"},
        {**good, "messageId": "version", "body": json.dumps(body | {"version": 2})},
        {**good, "messageId": "value", "body": json.dumps(body | {"value": "long"})},
    ]

    batch = note([*poison, good], stream.kept.table, dead_letters)

    assert (batch.noted, batch.set_aside, batch.failed_ids) == (1, 3, [])
    letters = queue.messages()
    assert {letter["body"] for letter in letters} == {each["body"] for each in poison}
    assert all("not a broken record" in letter["reason"] for letter in letters)
    assert any("value: must be" in letter["reason"] for letter in letters)
    assert {letter["correlationId"] for letter in letters} == {"call-1"}


def test_a_message_comes_again_while_the_table_or_the_dead_letters_cannot_be_reached(
    stream: Stream, queue: Queue, dead_letters: DeadLetters
) -> None:
    (good,) = told(stream)
    nowhere = Table(boto3.client("dynamodb"), TABLE + "-gone")
    assert note([good], nowhere, dead_letters).failed_ids == [good["messageId"]]
    lost = DeadLetters(queue.sqs, queue.url + "-gone")
    assert note([{**good, "body": "poison"}], stream.kept.table, lost).failed_ids == [good["messageId"]]
    assert notes(stream) == []
