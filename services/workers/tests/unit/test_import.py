"""An import ends in the same state however often it is tried, and tells about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.cloud import TABLE, Queue
from tests.unit.exports import STRAVA, strava_row, text
from tests.unit.staging import BUCKET, NOW, Stage

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_workers.imports.tally import OTHER_REASONS
from wotr_workers.imports.uploaded import import_uploads
from wotr_workers.queue import ImportQueue
from wotr_workers.store import Item, Workouts
from wotr_workers.uploads import Upload

HEADER = "type,startedAt,durationMin,notes\n"


class Crash(Exception):
    """The function is killed."""


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb)


def own(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


def history(size: int) -> bytes:
    """`size` rows, one of each ten bad."""
    return own(
        *(
            f"run,2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z,{'soon' if n % 10 == 4 else 30 + n},row {n}"
            for n in range(size)
        )
    )


def test_what_is_new_is_stored_and_told(stage: Stage) -> None:
    counts = stage.run(history(30))

    assert counts == {"rows": 30, "new": 27, "known": 0, "changed": 0, "setAside": 3}
    (told,) = stage.heard()
    assert told == {
        "version": 1,
        "userId": "ada",
        "importId": "i1",
        "state": "done",
        "format": "wotr",
        "message": "27 new, 0 known, 3 set aside",
        "counts": counts,
        "setAsideReasons": {"durationMin: must be a number such as 45.5, not 'soon'": 3},
    }
    state = stage.state()
    assert state["setAsideRows"][0] == {
        "line": 6,
        "field": "durationMin",
        "reason": "must be a number such as 45.5, not 'soon'",
    }
    stored = [item for item in stage.items() if keys.is_workout(item["sk"])]
    assert len(stored) == 27
    assert {(item["importId"], item["source"], item["correlationId"]) for item in stored} == {
        ("i1", "csv", "i1")
    }


def test_the_same_file_again_adds_nothing(stage: Stage) -> None:
    stage.run(history(30))
    before = [item for item in stage.items() if keys.is_workout(item["sk"])]

    assert stage.run(history(30), "i2") == {"rows": 30, "new": 0, "known": 27, "changed": 0, "setAside": 3}
    assert stage.run(history(30), "i1") == {"rows": 30, "new": 0, "known": 27, "changed": 0, "setAside": 3}
    assert [item for item in stage.items() if keys.is_workout(item["sk"])] == before
    assert [told["message"] for told in stage.heard()][1:] == ["0 new, 27 known, 3 set aside"] * 2


def test_a_later_export_adds_the_difference_and_names_what_changed(stage: Stage) -> None:
    stage.run(own("run,2026-01-01T00:00:00Z,30,a", "run,2026-01-02T00:00:00Z,30,b"))

    counts = stage.run(
        own(
            "run,2026-01-01T00:00:00Z,30.0,a",
            "run,2026-01-02T00:00:00Z,30,renamed",
            "run,2026-01-03T00:00:00Z,30,c",
        ),
        "i2",
    )

    assert counts == {"rows": 3, "new": 1, "known": 2, "changed": 1, "setAside": 0}


def test_two_workouts_with_one_start_are_never_silently_one(stage: Stage) -> None:
    rows = own(
        "run,2026-01-01T00:00:00Z,30,a", "run,2026-01-01T00:00:00Z,99,b", "run,2026-01-01T00:00:00Z,30,a"
    )
    assert stage.run(rows) == {"rows": 3, "new": 1, "known": 1, "changed": 0, "setAside": 1}
    assert stage.state()["setAsideRows"] == [
        {"line": 3, "field": "startedAt", "reason": "starts at the same moment as line 2, which was taken"}
    ]

    stage.run(text([STRAVA, strava_row(Activity_ID="1")]), "s1")
    other = text([STRAVA, strava_row(Activity_ID="2", Calories="1")])
    assert stage.run(other, "s2") == {"rows": 1, "new": 0, "known": 0, "changed": 0, "setAside": 1}
    assert "strava activity 1" in stage.state("s2")["setAsideRows"][0]["reason"]


class Mortal(Workouts):
    """A table whose user is killed after some puts."""

    def __init__(self, dynamodb: Any, puts: int) -> None:
        super().__init__(dynamodb, TABLE)
        self.puts = puts

    def put_new(self, item: Item) -> Item | None:
        self.puts -= 1
        if self.puts < 0:
            raise Crash
        return super().put_new(item)


@pytest.mark.parametrize("puts", [0, 60, 99, 101])
def test_a_crash_at_any_row_and_a_retry_end_in_the_undisturbed_state(stage: Stage, puts: int) -> None:
    rows = history(190) + b"run,2026-01-01T00:00:00Z,777,twice\nrun,2026-01-01T00:00:00Z,30,row 0\n"
    upload = stage.upload(rows)
    healthy, stage.workouts = stage.workouts, Mortal(stage.dynamodb, puts)
    with pytest.raises(Crash):
        stage.importer().run(upload)
    assert stage.state()["state"] == "running"

    stage.workouts = healthy
    stage.importer().run(upload)

    assert stage.state()["counts"] == {"rows": 192, "new": 171, "known": 1, "changed": 0, "setAside": 20}
    assert sum(keys.is_workout(item["sk"]) for item in stage.items()) == 171
    (told,) = stage.heard()
    assert told["message"] == "171 new, 1 known, 20 set aside"


def test_an_ended_import_that_is_delivered_again_does_nothing(stage: Stage) -> None:
    upload = stage.upload(history(3))
    stage.importer().run(upload)
    before = stage.items()

    assert stage.importer().run(upload) is None
    assert stage.items() == before
    assert len(stage.heard()) == 1


class Overtaken(Workouts):
    """A table that is asked while the same import, delivered a second time, runs from beginning to end."""

    def __init__(self, stage: Stage, upload: Upload) -> None:
        super().__init__(stage.dynamodb, TABLE)
        self.other, self.upload = stage.importer(), upload

    def stored(self, wanted: Any) -> dict[str, Item]:
        self.other.run(self.upload)
        return super().stored(wanted)


def test_an_event_delivered_twice_at_once_is_told_once_with_the_same_counts(stage: Stage) -> None:
    upload = stage.upload(history(30))
    stage.workouts = Overtaken(stage, upload)

    tally = stage.importer().run(upload)

    assert tally is not None
    (told,) = stage.heard()
    assert told["counts"] == tally.counts()
    assert tally.new == 27


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_try(stage: Stage) -> None:
    upload = stage.upload(history(3))
    topic, stage.topic = stage.topic, stage.topic + "-gone"
    with pytest.raises(stage.sns.exceptions.NotFoundException):
        stage.importer().run(upload)

    stage.topic = topic
    assert stage.importer().run(upload) is None
    assert [told["message"] for told in stage.heard()] == ["3 new, 0 known, 0 set aside"]


def test_the_newer_upload_of_a_key_is_the_one_that_counts(stage: Stage) -> None:
    older = stage.upload(history(3))
    newer = stage.upload(history(5))

    assert stage.importer().run(older) is None
    assert stage.heard() == []
    tally = stage.importer().run(newer)
    assert tally is not None
    assert tally.new == 4
    assert stage.importer().run(older) is None
    assert len(stage.heard()) == 1


@pytest.mark.parametrize("content", [b"", b"name,colour\n1,red\n", b"\x00\x01\xff", b"type,startedAt\n"])
def test_what_is_no_export_is_refused_and_told(stage: Stage, content: bytes) -> None:
    assert stage.run(content) == {"rows": 0, "new": 0, "known": 0, "changed": 0, "setAside": 0}
    (told,) = stage.heard()
    assert told["state"] == stage.state()["state"] == "refused"
    assert told["message"] == f"refused: {told['reason']}"


def test_what_is_kept_of_set_aside_rows_is_bounded_and_counted_in_full(stage: Stage) -> None:
    stage.run(own(*(f"run,2026-01-01T00:00:00Z,bad {n}," for n in range(300))))

    state = stage.state()
    assert state["counts"]["setAside"] == 300
    assert [row["line"] for row in state["setAsideRows"]] == list(range(2, 102))
    assert sum(state["setAsideReasons"].values()) == 300
    assert state["setAsideReasons"][OTHER_REASONS] == 250


ROWS = st.lists(
    st.sampled_from(
        ["run,2026-01-01T00:00:00Z,30,a", "run,2026-01-01T00:00:00Z,31,b", "walk,2026-01-02T00:00:00Z,9,"]
    )
    | st.text(st.characters(codec="utf-8"), max_size=20),
    max_size=8,
).map(lambda rows: own(*rows))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS | st.binary(max_size=80))
def test_no_row_vanishes(stage: Stage, content: bytes) -> None:
    counts = stage.run(content, "any")
    assert counts["rows"] == counts["new"] + counts["known"] + counts["setAside"]
    again = stage.run(content, "again")
    assert (again["rows"], again["new"]) == (counts["rows"], 0)


def event(key: str, upload: Upload) -> str:
    found = {"key": key, "etag": upload.etag, "version-id": upload.version, "size": 1}
    return json.dumps(
        {"time": "2026-03-01T00:00:00Z", "detail": {"bucket": {"name": BUCKET}, "object": found}}
    )


def records(*bodies: str) -> Iterator[dict[str, Any]]:
    for number, body in enumerate(bodies):
        yield {
            "messageId": f"m{number}",
            "body": body,
            "receiptHandle": "r",
            "attributes": {"ApproximateReceiveCount": "1"},
        }


def test_events_that_are_no_upload_are_set_aside_and_the_others_imported(stage: Stage, queue: Queue) -> None:
    upload = stage.upload(history(3))
    gone = Upload("uploads/ada/gone.csv", "e", "v", "ada", "gone", NOW)
    bodies = [
        "[]",
        event("uploads/ada/x/y.csv", upload),
        event("uploads/a b/y.csv", upload),
        event(gone.key, gone),
        event(upload.key, upload),
    ]

    batch = import_uploads(
        records(*bodies),
        stage.importer(),
        ImportQueue(queue.sqs, queue.url),
        DeadLetters(queue.sqs, queue.url),
    )

    assert (batch.new, batch.failed_ids) == (3, [])
    letters = {letter["body"]: letter["reason"] for letter in queue.messages()}
    assert set(letters) == set(bodies[:4])
    assert "no longer there" in letters[bodies[3]]
    assert letters["[]"] == "not an event of a created object: must be a JSON object"


def test_an_import_that_fails_comes_again_soon(stage: Stage, queue: Queue) -> None:
    queue.sqs.send_message(
        QueueUrl=queue.url, MessageBody=event("uploads/ada/i1.csv", stage.upload(history(3)))
    )
    (message,) = queue.sqs.receive_message(
        QueueUrl=queue.url, AttributeNames=["All"], VisibilityTimeout=1800
    )["Messages"]
    record = {
        "messageId": "m",
        "body": message["Body"],
        "receiptHandle": message["ReceiptHandle"],
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    stage.workouts = Mortal(stage.dynamodb, 1)
    asked: list[int] = []

    class Noting(ImportQueue):
        def come_again_soon(self, record: Any) -> None:
            super().come_again_soon(record)
            asked.append(1)

    batch = import_uploads(
        [record], stage.importer(), Noting(queue.sqs, queue.url), DeadLetters(queue.sqs, queue.url)
    )

    assert (batch.failed_ids, asked) == (["m"], [1])
