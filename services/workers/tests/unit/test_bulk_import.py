"""Large uploads: left to a state machine by the function, imported by a process that others continue."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.unit.cloud import NOTES_KEY_ALIAS, TABLE, Queue
from tests.unit.exports import STRAVA, strava_row, text
from tests.unit.staging import BUCKET, NOW, Stage
from tests.unit.test_import_interrupted import NoRecords
from tests.unit.test_import_messages import event, inbox, records

from wotr_workers import bulk_import, clients
from wotr_workers.bulk import BulkImports, execution_name
from wotr_workers.bulk_import import DONE, GO_ON, NO_UPLOAD, NOT_SET_UP, imported, main
from wotr_workers.imports.desk import Desk
from wotr_workers.imports.lease import MARGIN, Later
from wotr_workers.imports.long_turn import LEASE, LongTurn
from wotr_workers.store import Leases
from wotr_workers.topics import ImportsTopic
from wotr_workers.uploads import Upload, Uploads

ROLE = "arn:aws:iam::123456789012:role/machine"
RIDES = 120  # two batches


def rides() -> bytes:
    return text([STRAVA, *(strava_row(Activity_ID=str(n), Activity_Date=_day(n)) for n in range(RIDES))])


def _day(number: int) -> str:
    return f"{NOW - timedelta(days=400 - number):%b %d, %Y, %I:%M:%S %p}"


@pytest.fixture
def stage(dynamodb: Any) -> Stage:
    return Stage(dynamodb, NoRecords())


@pytest.fixture
def machine(dynamodb: Any) -> Any:
    """A state machine that only waits."""
    states = boto3.client("stepfunctions")
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 999, "End": True}}}
    made = states.create_state_machine(name="bulk", definition=json.dumps(definition), roleArn=ROLE)
    return states, made["stateMachineArn"]


def desk(stage: Stage) -> Desk:
    return Desk(
        Uploads(stage.s3, BUCKET),
        stage.table,
        stage.imports,
        Leases(stage.dynamodb, TABLE),
        ImportsTopic(stage.sns, stage.topic),
        stage.records,
        stage.importer().limits,
        stage.clock,
    )


class Waiting:
    """Instead of waiting, time goes on; `stop` is set after so many waits."""

    def __init__(self, stage: Stage, stop: Event, most: int) -> None:
        self.stage, self.stop, self.left = stage, stop, most
        self.waited: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.stage.now += timedelta(seconds=seconds)
        self.left -= 1
        if self.left == 0:
            self.stop.set()


# What the function does


def test_an_upload_over_the_size_starts_one_execution_however_often_it_is_told_of(
    stage: Stage, queue: Queue, machine: Any
) -> None:
    states, arn = machine
    found, _ = inbox(stage, queue)
    body = json.loads(event(stage.upload(rides())))
    body["detail"]["object"]["size"] = 1001
    large = json.dumps(body)

    batch = replace(found, bulk=BulkImports(states, arn, 1000)).take(records(large, large), stage.until)

    assert (batch.new, batch.failed_ids, stage.heard()) == (0, [], [])
    (execution,) = states.list_executions(stateMachineArn=arn)["executions"]
    described = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"]) == body
    assert execution["name"].startswith("i1-")


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_an_upload_up_to_the_size_stays_in_the_function(
    stage: Stage, queue: Queue, machine: Any, size: int
) -> None:
    states, arn = machine
    found, _ = inbox(stage, queue)
    body = json.loads(event(stage.upload(b"W,1,2026-01-01T10:00:00Z,30,a")))
    body["detail"]["object"]["size"] = size

    replace(found, bulk=BulkImports(states, arn, 1000)).take(records(json.dumps(body)), stage.until)

    assert states.list_executions(stateMachineArn=arn)["executions"] == []
    assert stage.state()["state"] in ("done", "refused")


def test_an_execution_that_cannot_be_started_brings_the_message_again(stage: Stage, queue: Queue) -> None:
    found, _ = inbox(stage, queue)
    nowhere = "arn:aws:states:eu-central-1:123456789012:stateMachine:gone"
    bulk = BulkImports(boto3.client("stepfunctions"), nowhere, 0)

    batch = replace(found, bulk=bulk).take(records(event(stage.upload(b"x"))), stage.until)

    assert batch.failed_ids == ["m0"]


def test_an_executions_name_is_the_uploads_own_and_one_that_aws_takes() -> None:
    upload = Upload("uploads/ada/i.csv", "e", "v", "ada", "i" * 64, NOW)
    again = Upload(upload.key, "e", "another", "ada", upload.import_id, NOW)
    names = {execution_name(upload), execution_name(upload), execution_name(again)}
    assert len(names) == 2
    assert all(len(name) <= 80 for name in names)


# What the process does


def test_a_process_imports_as_the_function_does(stage: Stage) -> None:
    assert imported(desk(stage), stage.upload(rides()), Event()) == DONE
    assert stage.state()["counts"]["new"] == RIDES
    (told,) = stage.heard()
    assert told["message"] == f"{RIDES} new, 0 known, 0 set aside"
    assert Leases(stage.dynamodb, TABLE).take("ada", "i2", "h", stage.now.timestamp(), 0)


def test_a_process_that_is_told_to_stop_ends_behind_a_batch_and_the_next_one_goes_on(stage: Stage) -> None:
    upload, stop, found = stage.upload(rides()), Event(), desk(stage)
    replace = found.imports.replace

    def stop_after_the_first_batch(before: Any, state: Any) -> Any:
        if state.get("checkpoint"):
            stop.set()
        return replace(before, state)

    found.imports.replace = stop_after_the_first_batch  # type: ignore[method-assign]

    assert imported(found, upload, stop) == GO_ON
    entries = int(stage.state()["checkpoint"]["entries"])
    assert 0 < entries < RIDES
    assert len(stage.history()) == entries
    assert imported(desk(stage), upload, Event()) == DONE
    assert stage.state()["counts"]["new"] == RIDES


def test_a_process_waits_for_another_import_of_its_athlete(stage: Stage) -> None:
    until = stage.now + timedelta(seconds=40)
    Leases(stage.dynamodb, TABLE).take("ada", "i0", "h", stage.now.timestamp(), until.timestamp())
    stop = Event()
    waiting = Waiting(stage, stop, most=10)

    assert imported(desk(stage), stage.upload(rides()), stop, waiting) == DONE
    assert 3 <= len(waiting.waited) < 10


def test_a_process_stops_waiting_when_it_is_told_to(stage: Stage) -> None:
    until = stage.now + timedelta(days=1)
    Leases(stage.dynamodb, TABLE).take("ada", "i0", "h", stage.now.timestamp(), until.timestamp())
    stop = Event()

    assert imported(desk(stage), stage.upload(rides()), stop, Waiting(stage, stop, most=2)) == GO_ON
    assert stage.history() == []


# Its lease


def lease(stage: Stage, holder: str) -> Any:
    def take(now: float, until: float) -> bool:
        return Leases(stage.dynamodb, TABLE).take("ada", "i1", holder, now, until)

    return take


def test_a_lease_that_is_renewed_is_nobody_elses_and_one_that_is_not_ends_by_itself(stage: Stage) -> None:
    mine, hers = lease(stage, "mine"), lease(stage, "hers")
    turn = LongTurn(stage.clock, Event())
    assert mine(stage.now.timestamp(), turn.until.timestamp())

    for _ in range(5):
        stage.now += LEASE * 0.9
        turn.renew(mine)
        turn.check()
        assert not hers(stage.now.timestamp(), stage.until.timestamp())
    stage.now += LEASE + timedelta(seconds=2)
    assert hers(stage.now.timestamp(), stage.until.timestamp())

    turn.renew(mine)
    with pytest.raises(Later, match="lease"):
        turn.check()


def test_nothing_is_begun_under_a_lease_that_could_not_be_renewed(stage: Stage) -> None:
    turn = LongTurn(stage.clock, Event())

    def throttled(now: float, until: float) -> bool:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "later"}}, "PutItem")

    stage.now += LEASE - MARGIN - timedelta(seconds=1)
    turn.renew(throttled)
    turn.check()
    stage.now += timedelta(seconds=1)
    with pytest.raises(Later, match="lease"):
        turn.check()


def test_a_lease_is_renewed_beside_the_work_and_not_after_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wotr_workers.imports.long_turn.RENEW_S", 0.001)
    renewed, turn = Event(), LongTurn(stage.clock, Event())
    calls = []

    def take(now: float, until: float) -> bool:
        calls.append(now)
        renewed.set()
        return True

    with turn.renewed(take):
        assert renewed.wait(10)
    count = len(calls)
    assert count
    assert len(calls) == count


def test_reading_ends_between_two_chunks_where_it_is_time_to_stop(stage: Stage) -> None:
    stop = Event()
    reading = LongTurn(stage.clock, stop).during(iter([b"a", b"b", b"c"]))
    assert next(reading) == b"a"
    stop.set()
    with pytest.raises(Later):
        next(reading)


# Its call


@pytest.fixture
def surroundings(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "supported-types": "run",
        "duration-min": "1",
        "duration-max": "99",
        "shards": "1",
    }.items():
        boto3.client("ssm").put_parameter(Name=f"/wotr/dev/workouts/{name}", Value=value, Type="String")
    for name, value in {
        "WOTR_STAGE": "dev",
        "WORKOUTS_TABLE": TABLE,
        "CONFIG_PATH": "/wotr/dev",
        "UPLOADS_BUCKET": BUCKET,
        "IMPORTS_TOPIC_ARN": stage.topic,
        "NOTES_KEY_ALIAS": NOTES_KEY_ALIAS,
    }.items():
        monkeypatch.setenv(name, value)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for made in (clients.dynamodb, clients.s3, clients.sns, clients.ssm):
        made.cache_clear()  # those of another test's AWS
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("surroundings")
def test_the_call_imports_what_the_event_says_and_counts_it(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    content = text([STRAVA, strava_row(), strava_row(Activity_ID="102", Activity_Date="never")])

    assert main(["--event", event(stage.upload(content))]) == DONE

    assert (stage.state()["counts"]["new"], stage.state()["counts"]["setAside"]) == (1, 1)
    (metrics,) = (json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line)
    assert (metrics["WorkoutsImported"], metrics["RowsSetAside"]) == ([1.0], [1.0])
    assert (metrics["stage"], metrics["service"]) == ("dev", "workers")


@pytest.mark.usefixtures("surroundings")
def test_what_no_try_will_help_has_a_code_of_its_own(stage: Stage) -> None:
    gone = Upload("uploads/ada/gone.csv", "e", "v", "ada", "gone", NOW)
    assert [main(["--event", body]) for body in ("{}", event(gone))] == [NO_UPLOAD, NO_UPLOAD]


@pytest.mark.usefixtures("surroundings")
def test_an_error_is_told_from_a_wrong_setting(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    said = event(stage.upload(rides()))
    monkeypatch.setenv("WORKOUTS_TABLE", "gone")
    assert main(["--event", said]) == bulk_import.FAILED
    monkeypatch.delenv("WORKOUTS_TABLE")
    assert main(["--event", said]) == NOT_SET_UP
