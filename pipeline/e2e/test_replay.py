"""What a replay of the bus's archive gives back, and what it leaves alone."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import replay
from waiting import depth, eventually

from stage_client import Athlete, Stage

Replayed = Callable[..., list[str]]
WORKOUTS = [
    {"type": "run", "startedAt": f"2026-03-0{day}T17:30:00Z", "durationMin": 30.1, "distanceM": 5000}
    for day in range(2, 7)
]


def views_of(stage: Stage, user_id: str) -> list[dict[str, Any]]:
    """Every item of the table Views that is the athlete's, as DynamoDB keeps it."""
    pages = (
        boto3.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stage.outputs("analytics")["ViewsTableName"],
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"USER#{user_id}"}},
        )
    )
    return [item for page in pages for item in page["Items"]]


def wipe(stage: Stage, items: list[dict[str, Any]]) -> None:
    table = stage.outputs("analytics")["ViewsTableName"]
    for item in items:
        boto3.client("dynamodb").delete_item(TableName=table, Key={key: item[key] for key in ("pk", "sk")})


def lake(stage: Stage) -> dict[str, bytes]:
    """Every object of the lake."""
    s3, bucket = boto3.client("s3"), stage.outputs("analytics")["LakeBucketName"]
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="lake/")
    return {
        each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        for page in listed
        for each in page.get("Contents", [])
    }


def train(stage: Stage) -> Athlete:
    """An athlete who logs workouts, mends one and deletes another."""
    athlete = stage.athlete()
    for workout in WORKOUTS:
        assert athlete.call("POST", "/me/workouts", workout).status == 202
    stored = eventually(
        lambda: athlete.call("GET", "/me/workouts").json()["workouts"],
        lambda found: len(found) == len(WORKOUTS),
        "workouts",
    )
    mended, deleted = (f"/me/workouts/{each['workoutId']}" for each in stored[:2])
    seen = {path: athlete.call("GET", path).headers["etag"] for path in (mended, deleted)}
    changed = athlete.call("PATCH", mended, {"durationMin": 45}, {"if-match": seen[mended]})
    assert changed.status == 200, changed.text
    gone = athlete.call("DELETE", deleted, headers={"if-match": seen[deleted]})
    assert gone.status in (200, 204), gone.text
    return athlete


def settled(stage: Stage, user_id: str) -> list[dict[str, Any]]:
    """The athlete's views once they count four workouts of 135.3 minutes and the deletion is marked."""

    def done(items: list[dict[str, Any]]) -> bool:
        by_key = {item["sk"]["S"]: item for item in items}
        whole = by_key.get("TOTAL#ALL", {})
        return (whole.get("workouts"), whole.get("minutes")) == ({"N": "4"}, {"N": "135.3"})

    return eventually(lambda: views_of(stage, user_id), done, "views")


@pytest.fixture
def replayed(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Replayed:
    """Runs the script and gives its lines."""

    def run(*arguments: str) -> list[str]:
        assert replay.main(["--stage", stage.name, *arguments]) == 0, capsys.readouterr()
        return capsys.readouterr().out.splitlines()

    return run


def test_a_wiped_view_comes_back_byte_for_byte(stage: Stage, replayed: Replayed) -> None:
    began = datetime.now(UTC).isoformat(timespec="seconds")
    athlete = train(stage)
    other = train(stage)
    views, others = settled(stage, athlete.user_id), settled(stage, other.user_id)
    wipe(stage, views)
    assert views_of(stage, athlete.user_id) == []

    lines = replayed("--from", began, "--rule", "views")

    assert eventually(lambda: views_of(stage, athlete.user_id), lambda now: now == views, "views") == views
    assert views_of(stage, other.user_id) == others
    (told,) = [line.split() for line in lines if line.startswith("views")]
    assert int(told[1]) >= 2 * (len(WORKOUTS) + 2)

    replayed("--from", began, "--rule", "views")
    assert views_of(stage, athlete.user_id) == views


def test_an_emptied_lake_comes_back_byte_for_byte(stage: Stage) -> None:
    athlete = train(stage)
    settled(stage, athlete.user_id)
    queue = stage.outputs("analytics")["LakeQueueUrl"]
    eventually(lambda: depth(queue), lambda waiting: waiting == 0, "the lake's queue")
    before = lake(stage)
    assert any(athlete.user_id.encode() in line for line in rows(before))

    s3, bucket = boto3.client("s3"), stage.outputs("analytics")["LakeBucketName"]
    for key in before:
        s3.delete_object(Bucket=bucket, Key=key)
    assert lake(stage) == {}
    # Whatever other tests put there to be set aside is set aside again, so it need not answer 0.
    replay.main(["--stage", stage.name, "--from", "2026-01-01", "--rule", "lake"])

    assert eventually(lambda: lake(stage), lambda now: now == before, "the lake") == before
    assert len(rows(before)) == len(set(rows(before)))


def rows(objects: dict[str, bytes]) -> list[bytes]:
    return [line for packed in objects.values() for line in gzip.decompress(packed).splitlines()]


def test_a_dry_run_starts_nothing(replayed: Replayed) -> None:
    lines = replayed("--from", "2026-11-01", "--to", "2026-11-01", "--dry-run")
    assert lines[0].endswith("from 2026-11-01 00:00:00Z until 2026-11-02 00:00:00Z, to lake, views")
    assert "Nothing was started" in lines[-1]


def test_what_cannot_be_replayed_is_said(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.main(["--stage", stage.name, "--from", "2026-11-01", "--rule", "mailbox"]) == 1
    assert "no rule called mailbox; analytics has lake, views" in capsys.readouterr().err
    assert replay.main(["--stage", stage.name, "--from", "2026-11-02", "--to", "2026-11-01"]) == 1
    assert "--from must be before --to" in capsys.readouterr().err
