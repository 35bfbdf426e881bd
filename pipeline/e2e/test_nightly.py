"""What a night leaves, by the schedule as it is deployed and by the operator's scripts."""

from __future__ import annotations

import json
import secrets
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import clean_up
import daily_summary
import pytest
from waiting import eventually

from stage_client import Stage

DUE = "<aws.scheduler.scheduled-time>"


def yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


def stored(stage: Stage, day: date) -> list[dict[str, Any]]:
    """Everybody's workouts of a day, found by looking at every item of the table."""
    pages = (
        boto3.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stage.outputs("data")["WorkoutsTableName"], ConsistentRead=True)
    )
    items = [item for page in pages for item in page["Items"] if item["sk"]["S"].startswith("WORKOUT#")]
    return [item for item in items if item["startedAt"]["S"].startswith(day.isoformat())]


def counted(items: list[dict[str, Any]]) -> dict[str, float]:
    def total(name: str) -> float:
        return float(sum(Decimal(item[name]["N"]) for item in items if name in item))

    return {
        "workouts": len(items),
        "athletes": len({item["userId"]["S"] for item in items}),
        "minutes": total("durationMin"),
        "calories": total("caloriesBurned"),
        "distanceM": total("distanceM"),
    }


def brute_force(stage: Stage, day: date) -> dict[str, Any]:
    items = stored(stage, day)
    groups: dict[str, dict[str, list[dict[str, Any]]]] = {
        "type": defaultdict(list),
        "source": defaultdict(list),
    }
    for item in items:
        for by, found in groups.items():
            found[item[by]["S"]].append(item)
    return {
        "version": 1,
        "day": day.isoformat(),
        "totals": counted(items),
        "byType": {name: counted(found) for name, found in groups["type"].items()},
        "bySource": {name: counted(found) for name, found in groups["source"].items()},
    }


def report(stage: Stage, day: date) -> dict[str, Any] | None:
    s3 = boto3.client("s3")
    try:
        found = s3.get_object(
            Bucket=stage.outputs("analytics")["LakeBucketName"], Key=f"reports/{day.isoformat()}.json"
        )
    except s3.exceptions.NoSuchKey:
        return None
    said: dict[str, Any] = json.loads(found["Body"].read())
    return said


def post(stage: Stage, user_id: str, day: date, count: int) -> None:
    """Have workouts of `day` accepted, and wait until they are stored."""
    role = stage.outputs("auth")["MachineClientRoleArn"]
    for number in range(count):
        body = {
            "userId": user_id,
            "type": ("run", "ride", "yoga")[number % 3],
            "startedAt": f"{day.isoformat()}T{number:02d}:30:00Z",
            "durationMin": 30.5 + number,
            "caloriesBurned": 100 * number,
        }
        assert stage.signed("POST", "/workouts", body, role_arn=role).status == 202
    eventually(
        lambda: sum(item["userId"]["S"] == user_id for item in stored(stage, day)),
        lambda found: found == count,
        "the posted workouts",
    )


@contextmanager
def fired(stage: Stage) -> Iterator[None]:
    """The summary's schedule, due now and once: the same group, target, role and input."""
    scheduler, name = boto3.client("scheduler"), f"once-{secrets.token_hex(6)}"
    analytics = stage.outputs("analytics")
    group = analytics["ScheduleGroupName"]
    deployed = scheduler.get_schedule(Name=analytics["SummaryScheduleName"], GroupName=group)
    scheduler.create_schedule(
        Name=name,
        GroupName=group,
        ScheduleExpression=f"at({datetime.now(UTC) + timedelta(seconds=2):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=deployed["Target"],
    )
    try:
        yield
    finally:
        scheduler.delete_schedule(Name=name, GroupName=group)


def test_a_schedule_by_hand_leaves_the_report_of_yesterday_equal_to_a_count(
    stage: Stage, user_id: str
) -> None:
    post(stage, user_id, yesterday(), 7)
    analytics = stage.outputs("analytics")
    deployed = boto3.client("scheduler").get_schedule(
        Name=analytics["SummaryScheduleName"], GroupName=analytics["ScheduleGroupName"]
    )
    said = deployed["Target"]["Input"].replace(DUE, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    boto3.client("sqs").send_message(QueueUrl=analytics["SummaryQueueUrl"], MessageBody=said)

    eventually(
        lambda: report(stage, yesterday()),
        lambda found: found is not None and found == brute_force(stage, yesterday()),
        "the report",
    )


def test_the_schedule_itself_fires_and_says_which_night_it_is(stage: Stage, user_id: str) -> None:
    post(stage, user_id, yesterday(), 2)  # no report can hold these yet

    with fired(stage):
        eventually(
            lambda: report(stage, yesterday()),
            lambda found: found is not None and found == brute_force(stage, yesterday()),
            "the report",
        )


def test_a_late_workout_an_edit_and_a_deletion_are_in_the_report_after_the_next_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    day = yesterday() - timedelta(days=40 + secrets.randbelow(300))
    monkeypatch.setattr(sys, "argv", ["daily_summary.py", "--stage", stage.name, "--day", day.isoformat()])
    assert daily_summary.main() == 0, capsys.readouterr().err
    before = report(stage, day)
    athlete = stage.athlete()
    ids = []
    for number in range(3):
        said = {"type": "run", "startedAt": f"{day}T0{number}:15:00Z", "durationMin": 20}
        answer = athlete.call("POST", "/me/workouts", said)
        assert answer.status == 202
        ids.append(answer.json()["workoutId"])
    # By id: others may have workouts of that day.
    late = eventually(
        lambda: [athlete.call("GET", f"/me/workouts/{each}") for each in ids],
        lambda found: all(answer.status == 200 for answer in found),
        "the late workouts",
    )
    edited, gone = (answer.json() for answer in late[:2])
    edit = athlete.call("PATCH", f"/me/workouts/{ids[0]}", {"version": edited["version"], "durationMin": 55})
    deletion = athlete.call("DELETE", f"/me/workouts/{ids[1]}?version={gone['version']}")
    assert (edit.status, deletion.status // 100) == (200, 2), edit.text + deletion.text

    monkeypatch.setattr(sys, "argv", ["daily_summary.py", "--stage", stage.name])

    def after_a_night() -> dict[str, Any] | None:
        assert daily_summary.main() == 0
        return report(stage, day)

    found = eventually(after_a_night, lambda found: found == brute_force(stage, day), "the report put right")
    assert found is not None
    assert found != before
    out = capsys.readouterr().out
    assert "everything" in out
    assert "Next: aws s3 cp" in out


def test_the_clean_up_counts_by_hand(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["clean_up.py", "--stage", stage.name, "--dry-run"])

    assert clean_up.main() == 0, capsys.readouterr().err
    assert "idempotency records past their time" in capsys.readouterr().out
