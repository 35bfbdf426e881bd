"""Notes lie sealed, for their item and their athlete, under a key that can be changed."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
import reencrypt
from probe import DENIED, probe
from test_least_privilege import roles
from waiting import eventually

from stage_client import Athlete, Stage, TopicListener

Proof = Callable[[str, str], None]
Item = dict[str, Any]
OPENS = {f"workers/{name}Function" for name in ("Command", "ImportCsv", "Reencrypt")} | {
    "workers/BulkImportTask",
    "api/QueryFunction",
    "api/ExportFunction",
}
DAYS = [f"2026-01-{day:02}T07:00:00Z" for day in range(1, 4)]
STRONG = (
    "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE"
)


@pytest.fixture
def marker() -> str:
    """A text that is nowhere yet."""
    return f"marker {secrets.token_hex(8)}"


@pytest.fixture
def athlete(stage: Stage) -> Athlete:
    return stage.athlete()


def scanned(table: str) -> list[Item]:
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def workouts_of(stage: Stage, user_id: str) -> list[Item]:
    """The items of a user's workouts as they lie in the table."""
    found = scanned(stage.outputs("data")["WorkoutsTableName"])
    return [
        each
        for each in found
        if each["pk"]["S"] == f"USER#{user_id}" and each["sk"]["S"].startswith("WORKOUT#")
    ]


def run(athlete: Athlete, start: str, notes: str) -> str:
    """A workout that was logged and is written; its id."""
    body = {"type": "run", "startedAt": start, "durationMin": 30, "notes": notes}
    workout_id = athlete.call("POST", "/me/workouts", body).json()["workoutId"]
    eventually(
        lambda: athlete.call("GET", f"/me/workouts/{workout_id}").status,
        lambda status: status == 200,
        "written",
    )
    return str(workout_id)


def note_of(athlete: Athlete, workout_id: str) -> str | None:
    found: str | None = athlete.call("GET", f"/me/workouts/{workout_id}").json().get("notes")
    return found


@pytest.fixture
def ops(stage: Stage) -> Iterator[TopicListener]:
    listener = TopicListener(stage.outputs("platform")["OpsTopicArn"])
    yield listener
    listener.close()


def alarms_of(stage: Stage) -> set[str]:
    """The alarms on unreadable notes, of api and of workers, put to rest."""
    cloudwatch = boto3.client("cloudwatch")
    here = {"Name": "stage", "Value": stage.name}
    names = {
        alarm["AlarmName"]
        for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="wotr-")
        for alarm in page["MetricAlarms"]
        if alarm.get("MetricName") == "NotesUnreadable" and here in alarm["Dimensions"]
    }
    assert len(names) == 2, names
    for name in names:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="to be tried")
    return names


def texts(stage: Stage) -> Iterator[tuple[str, str]]:
    """Where somebody might read what was written: every table, every log, what is set aside, the lake."""
    resources = boto3.client("cloudformation")
    found: dict[str, list[str]] = {}
    for stack in ("platform", "data", "auth", "workers", "api", "analytics"):
        pages = resources.get_paginator("list_stack_resources").paginate(
            StackName=f"wotr-{stack}-{stage.name}"
        )
        for each in (summary for page in pages for summary in page["StackResourceSummaries"]):
            found.setdefault(each["ResourceType"], []).append(each["PhysicalResourceId"])
    for table in found["AWS::DynamoDB::Table"]:
        yield table, json.dumps(scanned(table), default=repr)
    logs = boto3.client("logs")
    for group in found["AWS::Logs::LogGroup"]:
        lines = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        yield group, "\n".join(event["message"] for page in lines for event in page["events"])
    s3, lake = boto3.client("s3"), stage.outputs("analytics")["LakeBucketName"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake):
        for stored in page.get("Contents", []):
            body = s3.get_object(Bucket=lake, Key=stored["Key"])["Body"].read()
            yield f"{lake}/{stored['Key']}", body.decode("latin-1")


def test_a_note_is_readable_for_its_athlete_and_nowhere_else(
    stage: Stage, athlete: Athlete, marker: str, proof: Proof
) -> None:
    workout_id = run(athlete, DAYS[0], f"{marker} run")
    begun = {"startedAt": "2026-02-01T18:00:00+01:00", "notes": f"{marker} session"}
    lift = {"exercise": "Squat", "weightKg": 100, "reps": 5, "notes": f"{marker} set"}
    session = athlete.call("POST", "/me/sessions", begun | {"sets": [lift]}).json()
    place = f"/me/sessions/{session['sessionId']}"
    assert athlete.call("POST", f"{place}/sets", {"sets": [lift]}).status == 200
    assert athlete.call("POST", f"{place}/complete", {"durationMin": 45}).status == 200
    row = f'2026-02-03 18:00:00,Legs,1h,Squat,1,100,5,0,0,"{marker} imported","{marker} head",8\n'
    units = {"weightUnit": "kg", "distanceUnit": "km", "timezone": "UTC"}
    assert athlete.import_file(f"{STRONG}\n{row}".encode(), units).ended()["counts"]["new"] == 1

    exported = athlete.call("GET", "/me/export?format=json").text
    shown = exported.count(marker)
    assert shown >= 5
    assert note_of(athlete, workout_id) == f"{marker} run"
    looked: Counter[str] = Counter()
    for where, text in texts(stage):
        assert marker not in text, f"a note lies in the clear in {where}"
        looked["places"] += 1
    proof(
        "4 notes are sealed",
        f"{shown} notes shown to their athlete, none of them in {looked['places']} tables, logs and objects",
    )


def test_a_note_that_was_swapped_or_cut_is_refused_and_costs_no_other(
    stage: Stage, athlete: Athlete, marker: str, ops: TopicListener, proof: Proof
) -> None:
    alarms = alarms_of(stage)
    ids = [run(athlete, day, f"{marker} {day}") for day in DAYS]
    stranger = stage.athlete()
    other = run(stranger, DAYS[0], f"{marker} of another")
    table = stage.outputs("data")["WorkoutsTableName"]
    by_day = {item["workoutId"]["S"]: item for item in workouts_of(stage, athlete.user_id)}
    first, second, third = (by_day[workout_id] for workout_id in ids)
    (theirs,) = workouts_of(stage, stranger.user_id)
    keys = {"BS": [*{*first["noteKeys"]["BS"], *second["noteKeys"]["BS"], *theirs["noteKeys"]["BS"]}]}
    flipped = bytearray(first["notes"]["B"])
    flipped[-1] ^= 1
    attempts = {
        "of another item": {**first, "notes": second["notes"], "noteKeys": keys},
        "of another athlete": {**first, "notes": theirs["notes"], "noteKeys": keys},
        "of another field": {**first, "notes": first["contentHash"]},
        "cut": {**first, "notes": {"B": first["notes"]["B"][:-1]}},
        "one bit changed": {**first, "notes": {"B": bytes(flipped)}},
        "without data key": {name: value for name, value in first.items() if name != "noteKeys"},
    }
    for what, item in attempts.items():
        boto3.client("dynamodb").put_item(TableName=table, Item=item)
        listed = athlete.call("GET", "/me/workouts")
        assert listed.status == 200, what
        shown = {each["workoutId"]: each for each in listed.json()["workouts"]}
        assert "notes" not in shown[ids[0]], what
        assert "cannot be read" in str(shown[ids[0]]["warnings"]), what
        assert [shown[workout_id]["notes"] for workout_id in ids[1:]] == [
            f"{marker} {day}" for day in DAYS[1:]
        ]
        change = {"version": shown[ids[0]]["version"], "durationMin": 31}
        refused = athlete.call("PATCH", f"/me/workouts/{ids[0]}", change)
        assert refused.status == 409, f"{what}: {refused.text}"
    boto3.client("dynamodb").put_item(TableName=table, Item=first)
    assert note_of(athlete, ids[0]) == f"{marker} {DAYS[0]}"
    assert note_of(stranger, other) == f"{marker} of another"
    assert third["notes"] != first["notes"]
    eventually(
        lambda: {told["AlarmName"] for told in ops.messages() if told["NewStateValue"] == "ALARM"},
        lambda told: told >= alarms,
        "an alarm of who read and of who was to change it",
    )
    proof(
        "4 tampered notes",
        f"{len(attempts)} ways refused, 409 to a change, every list still answered, {len(alarms)} alarms on",
    )


def entry_of(item: Item) -> tuple[str, bytes]:
    """The KMS key that an item's data key names, and the data key as KMS wrapped it."""
    (entry,) = item["noteKeys"]["BS"]
    return entry[2 : 2 + entry[1]].decode(), entry[2 + entry[1] :]


def test_only_the_functions_that_deal_with_notes_may_open_one(
    stage: Stage, athlete: Athlete, marker: str, proof: Proof
) -> None:
    run(athlete, DAYS[0], marker)
    (item,) = workouts_of(stage, athlete.user_id)
    key, wrapped = entry_of(item)
    asked = {"KeyId": key, "CiphertextBlobBase64": base64.b64encode(wrapped).decode()}
    whose = {"purpose": "notes", "user": athlete.user_id}
    outcomes = {}
    for function, role in roles(stage).items():
        with probe(role) as acting:
            outcomes[function] = acting.outcome("kms", "decrypt", asked | {"EncryptionContext": whose})
            if function == "api/QueryFunction":
                # ... and for another athlete, or with less or more said, not even they.
                for context in ({**whose, "user": "somebody"}, {"purpose": "notes"}, {**whose, "more": "x"}):
                    said = acting.outcome("kms", "decrypt", asked | {"EncryptionContext": context})
                    assert said in DENIED | {"InvalidCiphertextException"}
                made = {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": whose}
                assert acting.outcome("kms", "generate_data_key", made) in DENIED
    assert {name for name, outcome in outcomes.items() if outcome == "allowed"} == OPENS
    assert {outcome for name, outcome in outcomes.items() if name not in OPENS} <= DENIED
    proof(
        "4 who opens notes",
        f"{len(OPENS)} of {len(outcomes)} roles of functions and tasks, each only in its athlete's name",
    )


@pytest.fixture
def bring(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], str]:
    """Runs the script; what it said."""
    monkeypatch.setattr(sys, "argv", ["reencrypt.py", "--stage", stage.name])

    def call() -> str:
        assert reencrypt.main() == 0, capsys.readouterr()
        return capsys.readouterr().out

    return call


@contextmanager
def another_key(stage: Stage, bring: Callable[[], str]) -> Iterator[tuple[str, str]]:
    """The alias moved to a new key; (first, new). Afterwards it is back, and so is what was sealed since."""
    kms = boto3.client("kms")
    alias = stage.outputs("platform")["NotesKeyAlias"]
    first = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    policy = kms.get_key_policy(KeyId=first, PolicyName="default")["Policy"]
    new = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"{alias}-2", TargetKeyId=new)
    try:
        kms.update_alias(AliasName=alias, TargetKeyId=new)
        yield first, new
    finally:
        kms.update_alias(AliasName=alias, TargetKeyId=first)
        bring()
        kms.delete_alias(AliasName=f"{alias}-2")
        kms.schedule_key_deletion(KeyId=new, PendingWindowInDays=7)


def named(stage: Stage) -> Counter[str]:
    """How many items of the table name each key."""
    found = scanned(stage.outputs("data")["WorkoutsTableName"])
    entries = (entry for item in found for entry in item.get("noteKeys", {}).get("BS", []))
    return Counter(entry[2 : 2 + entry[1]].decode() for entry in entries)


def test_the_alias_moves_to_another_key_and_the_script_brings_everything_after(
    stage: Stage, athlete: Athlete, marker: str, proof: Proof, bring: Callable[[], str]
) -> None:
    old_id, later = run(athlete, DAYS[0], f"{marker} old"), stage.athlete()
    table = stage.outputs("data")["WorkoutsTableName"]
    clear = {
        "pk": {"S": f"USER#{athlete.user_id}"},
        "sk": {"S": "SESSION#2026-01-01#20260101T070000-clear"},
        "notes": {"S": f"{marker} in the clear"},
    }
    boto3.client("dynamodb").put_item(TableName=table, Item=clear)
    with another_key(stage, bring) as (first, new):
        new_id = run(later, DAYS[0], f"{marker} new")
        assert [entry_of(item)[0] for item in workouts_of(stage, later.user_id)] == [new]
        assert [entry_of(item)[0] for item in workouts_of(stage, athlete.user_id)] == [first]
        assert note_of(athlete, old_id) == f"{marker} old"

        left = named(stage)[first]
        assert "No item names another key" in bring()
        assert set(named(stage)) == {new}
        assert marker not in json.dumps(scanned(table), default=repr)
        assert note_of(athlete, old_id) == f"{marker} old"
        assert note_of(later, new_id) == f"{marker} new"
    assert set(named(stage)) == {first}
    assert note_of(later, new_id) == f"{marker} new"
    boto3.client("dynamodb").delete_item(TableName=table, Key={"pk": clear["pk"], "sk": clear["sk"]})
    proof("4 alias moved", f"{left} items brought under the new key and back, all readable all the time")


def test_a_queue_and_a_topic_refuse_whoever_lacks_their_key(stage: Stage, proof: Proof) -> None:
    queue, topic = stage.outputs("workers")["WorkoutQueueUrl"], stage.outputs("workers")["SessionsTopicArn"]
    iam, name = boto3.client("iam"), f"wotr-e2e-keyless-{secrets.token_hex(4)}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {
        "Effect": "Allow",
        "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"],
        "Resource": [stage.outputs("workers")["WorkoutQueueArn"], topic],
    }
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName=name, PolicyName="messages", PolicyDocument=policy)
    try:
        with probe(role) as acting:
            said = [
                acting.outcome("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "{}"}),
                acting.outcome("sqs", "receive_message", {"QueueUrl": queue}),
                acting.outcome("sns", "publish", {"TopicArn": topic, "Message": "x"}),
            ]
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="messages")
        iam.delete_role(RoleName=name)
    assert all("kms" in code.lower() and "accessdenied" in code.lower() for code in said), said
    proof("4 encrypted messages", f"{len(said)} calls that IAM allows, each refused for the key: {said[0]}")
