"""Messages of the import queue: each is done, comes again, waits its turn, or is set aside with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.chaos import Chaos, Killed
from tests.unit.cloud import TABLE, Queue
from tests.unit.staging import BUCKET, INVOCATION, NOW, Stage
from tests.unit.test_import import history

from wotr_common import keys
from wotr_common.dead_letters import DeadLetters
from wotr_workers.imports.lease import BUSY_S
from wotr_workers.imports.uploaded import Batch, Inbox
from wotr_workers.queue import MOST_TURNS, ImportQueue
from wotr_workers.store import Leases
from wotr_workers.uploads import Upload


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb)


class Noting(ImportQueue):
    """The import queue, and what it was asked for."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue.sqs, queue.url)
        self.sooner: list[str] = []
        self.again: list[tuple[str, int]] = []

    def come_again_soon(self, record: Any) -> None:
        super().come_again_soon(record)
        self.sooner.append(record["messageId"])

    def send_again(self, record: Any, delay_s: int) -> None:
        super().send_again(record, delay_s)
        self.again.append((record["body"], delay_s))


def inbox(stage: Stage, queue: Queue) -> tuple[Inbox, Noting]:
    noting = Noting(queue)
    return Inbox(stage.importer(), stage.undoer(), noting, DeadLetters(queue.sqs, queue.url)), noting


def take(stage: Stage, queue: Queue, *bodies: str) -> tuple[Batch, Noting]:
    found, noting = inbox(stage, queue)
    return found.take(records(*bodies), stage.until), noting


def event(upload: Upload) -> str:
    found = {"key": upload.key, "etag": upload.etag, "version-id": upload.version, "size": 1}
    return json.dumps(
        {"time": "2026-03-01T00:00:00Z", "detail": {"bucket": {"name": BUCKET}, "object": found}}
    )


def undo(import_id: str) -> str:
    return json.dumps({"undo": {"userId": "ada", "importId": import_id, "correlationId": "c"}})


def records(*bodies: str) -> Iterator[dict[str, Any]]:
    for number, body in enumerate(bodies):
        yield {
            "messageId": f"m{number}",
            "body": body,
            "receiptHandle": "r",
            "attributes": {"ApproximateReceiveCount": "1"},
        }


def test_what_is_no_upload_is_set_aside_and_the_others_imported(stage: Stage, queue: Queue) -> None:
    upload = stage.upload(history(3))
    gone = Upload("uploads/ada/gone.csv", "e", "v", "ada", "gone", NOW)
    wrong = [Upload(key, "e", "v", "ada", "i", NOW) for key in ("uploads/ada/x/y.csv", "uploads/a b/y.csv")]
    bodies = ["[]", *map(event, wrong), event(gone), '{"undo": {"userId": "ada"}}', event(upload)]

    batch, _ = take(stage, queue, *bodies)

    assert (batch.new, batch.failed_ids) == (3, [])
    letters = {letter["body"]: letter["reason"] for letter in queue.messages()}
    assert set(letters) == set(bodies[:5])
    assert "no longer there" in letters[bodies[3]]
    assert letters["[]"] == "not an event of a created object: must be a JSON object"


def test_a_json_export_is_an_upload_too(stage: Stage, queue: Queue) -> None:
    answer = stage.s3.put_object(Bucket=BUCKET, Key="uploads/ada/j1.json", Body=history(3))
    upload = Upload("uploads/ada/j1.json", answer["ETag"].strip('"'), answer["VersionId"], "ada", "j1", NOW)

    assert take(stage, queue, event(upload))[0].new == 3


def test_an_import_that_fails_comes_again_soon_and_lets_others_of_the_athlete_go_on(
    stage: Stage, queue: Queue
) -> None:
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody=event(stage.upload(history(3))))
    (message,) = queue.sqs.receive_message(
        QueueUrl=queue.url, AttributeNames=["All"], VisibilityTimeout=1800
    )["Messages"]
    record = {
        "messageId": "m",
        "body": message["Body"],
        "receiptHandle": message["ReceiptHandle"],
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    client, stage.dynamodb = stage.dynamodb, Chaos(stage.dynamodb, 3, "throttled")
    found, noting = inbox(stage, queue)

    batch = found.take([record], stage.until)

    assert (batch.failed_ids, noting.sooner, noting.again) == (["m"], ["m"], [])
    stage.dynamodb = client
    kept = len(stage.history())  # what other threads had begun when one of them failed
    assert stage.run(history(3), "i2")["new"] == 3 - kept > 0
    assert len(stage.history()) == 3


def test_an_import_waits_for_another_one_of_the_same_athlete_and_for_no_other_athletes(
    stage: Stage, queue: Queue
) -> None:
    Leases(stage.dynamodb, TABLE).take("ada", "other", "h", stage.now.timestamp(), stage.until.timestamp())
    mine, hers = stage.upload(history(3)), stage.upload(history(3), user_id="bob")

    batch, noting = take(stage, queue, event(mine), event(hers))

    assert (batch.new, batch.failed_ids) == (3, [])
    assert noting.again == [(event(mine), BUSY_S)]
    assert stage.history() == [item for item in stage.items() if keys.is_workout(item["sk"])]
    stage.now += INVOCATION * 2  # nobody outlives their invocation
    assert take(stage, queue, event(mine))[0].new == 3


def turned(turn: int) -> dict[str, Any]:
    return {"turn": {"stringValue": str(turn), "dataType": "Number"}}


def test_a_message_that_is_sent_again_says_how_often(queue: Queue) -> None:
    found = ImportQueue(queue.sqs, queue.url)
    (record,) = records("body")
    for before in ({}, turned(41)):
        found.send_again({**record, "messageAttributes": before}, delay_s=0)

    assert queue.messages() == [{"body": "body", "turn": "1"}, {"body": "body", "turn": "42"}]


def test_a_message_that_goes_round_for_ever_ends_as_a_failure(stage: Stage, queue: Queue) -> None:
    Leases(stage.dynamodb, TABLE).take("ada", "other", "h", stage.now.timestamp(), stage.until.timestamp())
    (record,) = records(event(stage.upload(history(3))))
    found, noting = inbox(stage, queue)

    last = found.take([{**record, "messageAttributes": turned(MOST_TURNS - 1)}], stage.until)
    beyond = found.take([{**record, "messageAttributes": turned(MOST_TURNS)}], stage.until)

    assert (last.failed_ids, beyond.failed_ids) == ([], ["m0"])
    assert noting.again == [(record["body"], BUSY_S)]


def test_an_import_that_was_killed_holds_its_athlete_up_no_longer_than_its_invocation(
    stage: Stage, queue: Queue
) -> None:
    upload = stage.upload(history(3))
    client, stage.dynamodb = stage.dynamodb, Chaos(stage.dynamodb, 3, "killed after")
    with pytest.raises(Killed):
        take(stage, queue, event(upload))
    stage.dynamodb = client

    assert take(stage, queue, event(upload))[1].again == [(event(upload), BUSY_S)]
    stage.now += INVOCATION * 2
    batch, noting = take(stage, queue, event(upload))
    assert (batch.new, noting.again) == (3, [])


def test_an_import_that_ended_is_not_done_again_when_its_event_is(stage: Stage, queue: Queue) -> None:
    upload = stage.upload(history(3))
    take(stage, queue, event(upload))
    before = stage.items()

    batch, _ = take(stage, queue, event(upload), event(upload))

    assert (batch.new, batch.failed_ids) == (0, [])
    assert stage.items() == before
    assert len(stage.heard()) == 1


def test_a_message_that_could_not_be_published_is_by_the_next_try(stage: Stage, queue: Queue) -> None:
    upload = stage.upload(history(3))
    topic, stage.topic = stage.topic, stage.topic + "-gone"
    assert take(stage, queue, event(upload))[0].failed_ids == ["m0"]

    stage.topic = topic
    assert take(stage, queue, event(upload))[0].failed_ids == []
    assert [told["message"] for told in stage.heard()] == ["3 new, 0 known, 0 set aside"]


def test_the_newer_upload_of_a_key_is_the_one_that_counts(stage: Stage, queue: Queue) -> None:
    older = stage.upload(history(3))
    newer = stage.upload(history(5))

    assert take(stage, queue, event(older))[0].new == 0
    assert stage.heard() == []
    assert take(stage, queue, event(newer))[0].new == 4
    assert take(stage, queue, event(older))[0].new == 0
    assert len(stage.heard()) == 1


def test_an_undo_that_was_asked_for_is_done_and_told_once(stage: Stage, queue: Queue) -> None:
    take(stage, queue, event(stage.upload(history(3))))
    stage.heard()
    stage.imports.ask_undo("ada", "i1")
    ImportQueue(queue.sqs, queue.url).ask_undo("ada", "i1")
    (asked,) = queue.messages()

    batch, _ = take(stage, queue, asked["body"], undo("i1"))

    assert (batch.undone, batch.failed_ids) == (1, [])
    assert stage.account() == {}
    assert [told["state"] for told in stage.heard()] == ["undone"]


def test_an_undo_waits_for_the_import_that_runs(stage: Stage, queue: Queue) -> None:
    take(stage, queue, event(stage.upload(history(3))))
    stage.imports.ask_undo("ada", "i1")
    Leases(stage.dynamodb, TABLE).take("ada", "i1", "h", stage.now.timestamp(), stage.until.timestamp())

    batch, noting = take(stage, queue, undo("i1"))

    assert (batch.undone, batch.failed_ids, noting.again) == (0, [], [(undo("i1"), BUSY_S)])


def test_an_import_that_is_to_be_taken_back_while_it_runs_stops_and_leaves_that_to_the_undo(
    stage: Stage, queue: Queue
) -> None:
    class Impatient:
        """A client by which, while the first workout is stored, the athlete asks for the undo."""

        def __init__(self, client: Any) -> None:
            self.client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self.client, name)

        def put_item(self, **arguments: Any) -> Any:
            if keys.is_workout(arguments["Item"]["sk"]["S"]):
                stage.dynamodb = self.client
                stage.imports.ask_undo("ada", "i1")
            return self.client.put_item(**arguments)

    stage.dynamodb = Impatient(stage.dynamodb)
    assert take(stage, queue, event(stage.upload(history(3))))[0].failed_ids == []
    assert stage.heard() == []
    assert len(stage.history()) == 3

    assert take(stage, queue, undo("i1"))[0].undone == 1
    assert stage.account() == {}
