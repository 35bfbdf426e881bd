"""Load and export as deployed: the real table, the real bucket, the functions' own rights."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3

from stage_client import Athlete, Stage
from stage_client.answers import Answer, send
from wotr_common import keys
from wotr_common.items import workout_item
from wotr_common.workout import Workout

START = datetime(2026, 3, 1, 6, tzinfo=UTC)


def store(stage: Stage, athlete: Athlete, workouts: int, notes: str) -> None:
    """Put workouts an hour apart into the table, as workers does."""
    table = boto3.resource("dynamodb").Table(stage.outputs("data")["WorkoutsTableName"])
    with table.batch_writer() as batch:
        for hour in range(workouts):
            at = START + timedelta(hours=hour)
            workout = Workout(
                type="run",
                started_at=at,
                duration_min=Decimal(30),
                rpe=Decimal(5),
                notes=notes,
                user_id=athlete.user_id,
                workout_id=keys.workout_id(at),
                created_at=at,
            )
            batch.put_item(Item=workout_item(workout, 1))


def test_load_follows_a_workout(stage: Stage, eventually: Callable[..., Answer]) -> None:
    athlete = stage.athlete()
    run = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 60, "rpe": 6}
    assert athlete.call("POST", "/me/workouts", run).status == 202
    assert eventually(lambda: athlete.call("GET", "/me/workouts/20260301T173000000Z"), 200).status == 200

    found = athlete.call("GET", "/me/load?from=2026-03-01&to=2026-03-02")

    assert found.status == 200, found.text
    assert [day["load"] for day in found.json()["days"]] == [360, 0]
    assert found.json()["days"][1]["fitness"] == 8.4  # 360/42 of the first day, 41/42 of it the day after


def test_an_export_is_answered_or_lies_behind_a_link(stage: Stage) -> None:
    athlete = stage.athlete()
    store(stage, athlete, 3, "short")
    small = athlete.call("GET", "/me/export")
    store(stage, athlete, 1300, "ü" * 2000)
    large = athlete.call("GET", "/me/export")

    assert (small.status, len(list(csv.DictReader(io.StringIO(small.text, newline=""))))) == (200, 3)
    assert large.status == 303, large.text[:500]
    fetched = send("GET", large.headers["location"], None, {})
    assert fetched.status == 200, fetched.text[:500]
    assert fetched.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(fetched.text, newline="")))
    assert [row["notes"] for row in rows] == ["ü" * 2000] * 1300
