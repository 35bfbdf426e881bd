"""Workouts as machines and athletes log and read them, over HTTP."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import boto3
import pytest
from waiting import eventually

from stage_client import Stage

RUN = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45.5, "caloriesBurned": 500}


def machine(stage: Stage) -> str:
    return stage.outputs("auth")["MachineClientRoleArn"]


def test_a_machines_workout_is_stored_as_sent_and_counted(stage: Stage, user_id: str) -> None:
    body = {**RUN, "userId": user_id, "notes": "Grün & windy", "rpe": 6.5, "distanceM": 9000}
    accepted = stage.signed("POST", "/workouts", body, role_arn=machine(stage))
    assert accepted.status == 202, accepted.text
    path = urljoin("/workouts", accepted.headers["location"])
    assert path == f"/workouts/{user_id}/{accepted.json()['workoutId']}"
    stored = eventually(
        lambda: stage.signed("GET", path, role_arn=machine(stage)), lambda answer: answer.status == 200, path
    ).json()
    assert stored["startedAt"] == "2026-03-01T17:30:00.000Z"
    sent = {"durationMin": 45.5, "notes": "Grün & windy", "rpe": 6.5, "distanceM": 9000}
    assert {name: stored[name] for name in sent} == sent
    assert stored["intensity"] == "moderate"
    stats = eventually(
        lambda: stage.signed("GET", f"/stats/{user_id}", role_arn=machine(stage)).json(),
        lambda found: found["total"]["workouts"] == 1,
        "totals",
    )
    assert stats["total"] == {"workouts": 1, "minutes": 45.5, "calories": 500, "distanceM": 9000}
    assert set(stats["byType"]) == {"run"}
    assert set(stats["byWeek"]) == {"2026-W09"}


def test_the_same_start_twice_is_one_workout(stage: Stage, user_id: str) -> None:
    body = {**RUN, "userId": user_id}
    for key in ("first", "second"):
        answer = stage.signed(
            "POST",
            "/workouts",
            body,
            role_arn=machine(stage),
            headers={"idempotency-key": f"{user_id}-{key}"},
        )
        assert answer.status == 202, answer.text
    later = {**body, "startedAt": "2026-03-02T17:30:00Z"}
    stage.signed("POST", "/workouts", later, role_arn=machine(stage))
    stats = eventually(
        lambda: stage.signed("GET", f"/stats/{user_id}", role_arn=machine(stage)).json(),
        lambda found: found["total"]["workouts"] >= 2,
        "totals",
    )
    assert stats["total"]["workouts"] == 2


def test_an_athlete_sees_their_own_workouts_only(stage: Stage) -> None:
    one, other = stage.athlete(), stage.athlete()
    accepted = one.call("POST", "/me/workouts", RUN)
    assert accepted.status == 202, accepted.text
    path = f"/me/workouts/{accepted.json()['workoutId']}"
    eventually(lambda: one.call("GET", path), lambda answer: answer.status == 200, path)
    assert other.call("GET", path).status == 404
    assert other.call("GET", "/me/workouts").json()["workouts"] == []
    assert [each["userId"] for each in one.call("GET", "/me/workouts").json()["workouts"]] == [one.user_id]


def test_a_window_over_everybody_is_paged_without_loss_or_repetition(stage: Stage, user_id: str) -> None:
    # A month's end, so that the window spans two partitions; of a year that no earlier run has filled.
    first = datetime(2031 + secrets.randbelow(60), 5, 30, tzinfo=UTC)
    starts = [first + timedelta(hours=7 * number) for number in range(12)]
    for start in starts:
        body = {**RUN, "userId": user_id, "startedAt": start.isoformat()}
        assert stage.signed("POST", "/workouts", body, role_arn=machine(stage)).status == 202
    query = {"from": f"{first.year}-05-30T00:00:00Z", "to": f"{first.year}-06-05T00:00:00Z", "limit": "5"}

    def walk() -> list[str]:
        seen: list[str] = []
        token: str | None = ""
        while token is not None:
            page = stage.signed(
                "GET",
                "/workouts",
                query=query | ({"nextToken": token} if token else {}),
                role_arn=machine(stage),
            ).json()
            seen += [each["startedAt"] for each in page["workouts"] if each["userId"] == user_id]
            token = page.get("nextToken")
        return seen

    seen = eventually(walk, lambda found: len(found) >= len(starts), "the window")
    assert sorted(seen) == [f"{start:%Y-%m-%dT%H:%M:%S}.000Z" for start in starts]
    assert seen in (sorted(seen), sorted(seen, reverse=True))


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b'{"type": "run",', 400, None),
        (b"\xff\xfe", 400, None),
        (b"[" * 60_000, 400, None),
        (b"[" * 100_000, 413, None),
        (b"[]", 422, None),
        ({**RUN, "durationMin": "45"}, 422, "/durationMin"),
        ({**RUN, "durationMin": -1}, 422, "/durationMin"),
        ({**RUN, "durationMin": 1e12}, 422, "/durationMin"),
        ({**RUN, "startedAt": "yesterday"}, 422, "/startedAt"),
        ({**RUN, "startedAt": "2026-03-01T17:30:00"}, 422, "/startedAt"),
        ({**RUN, "type": "chess"}, 422, "/type"),
        ({**RUN, "rpe": 9.3}, 422, "/rpe"),
        ({**RUN, "surprise": 1}, 422, "/surprise"),
        ({**RUN, "notes": "a\x00b"}, 422, "/notes"),
    ],
)
def test_bad_input_is_answered_with_the_field(
    stage: Stage, user_id: str, body: Any, status: int, named: str | None
) -> None:
    sent = {**body, "userId": user_id} if isinstance(body, dict) else body
    answer = stage.signed("POST", "/workouts", sent, role_arn=machine(stage))
    assert answer.status == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["correlationId"]
    if named:
        assert named in [error["pointer"] for error in problem["errors"]]


def test_nobody_gets_in_without_being_let_in(stage: Stage, user_id: str) -> None:
    body = {**RUN, "userId": user_id}
    unsigned = stage.call("POST", "/workouts", body)
    wrongly = stage.call("POST", "/workouts", body, {"authorization": "Bearer not-a-token"})
    assert (unsigned.status, wrongly.status) == (403, 403)
    assert stage.call("GET", "/me/workouts").status == 401
    assert stage.call("GET", "/me/workouts", headers={"authorization": "Bearer not.a.token"}).status == 401
    assert stage.call("GET", "/health").status == 200
    for refused in (unsigned, wrongly):
        assert refused.headers["content-type"].startswith("application/problem+json")


def test_a_cold_start_is_counted(stage: Stage, user_id: str) -> None:
    assert stage.signed("GET", f"/stats/{user_id}", role_arn=machine(stage)).status == 200
    cloudwatch = boto3.client("cloudwatch")

    def functions() -> list[str]:
        found = cloudwatch.list_metrics(Namespace="wotr", MetricName="ColdStart")["Metrics"]
        named = (dimension for metric in found for dimension in metric["Dimensions"])
        return [each["Value"] for each in named if each["Name"] == "function_name"]

    eventually(functions, lambda names: any("StatsFunction" in name for name in names), "the cold start")


def test_limits_take_effect_without_a_deployment(stage: Stage, user_id: str) -> None:
    ssm = boto3.client("ssm")
    name = f"/wotr/{stage.name}/workouts/supported-types"
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    body = {**RUN, "userId": user_id, "type": "parkour"}
    assert stage.signed("POST", "/workouts", body, role_arn=machine(stage)).status == 422
    try:
        ssm.put_parameter(Name=name, Value=f"{before},parkour", Overwrite=True)
        eventually(
            lambda: stage.signed("POST", "/workouts", body, role_arn=machine(stage)).status,
            lambda status: status == 202,
            "the new type",
        )
    finally:
        ssm.put_parameter(Name=name, Value=before, Overwrite=True)
