"""Whether a stage serves its callers: what a pipeline asks of prod after each change of it."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta

import boto3
from waiting import eventually

from checks import SANDBOX, SANDBOX_START
from stage_client import Stage
from stage_client.answers import send


def test_it_is_healthy(stage: Stage) -> None:
    assert stage.call("GET", "/health").status == 200


def test_a_machines_workout_is_stored_as_sent(stage: Stage) -> None:
    role = stage.outputs("auth")["MachineClientRoleArn"]
    minutes = 20 + secrets.randbelow(100)
    started = (SANDBOX_START + timedelta(milliseconds=secrets.randbelow(10**10))).isoformat()
    body = {"userId": SANDBOX, "type": "run", "startedAt": started, "durationMin": minutes}
    accepted = stage.signed("POST", "/workouts", body, role_arn=role)
    assert accepted.status == 202, accepted.text
    path = f"/workouts/{SANDBOX}/{accepted.json()['workoutId']}"
    stored = eventually(
        lambda: stage.signed("GET", path, role_arn=role), lambda answer: answer.status == 200, path
    )
    assert stored.json()["durationMin"] == minutes


def test_nobody_gets_in_unasked(stage: Stage) -> None:
    assert stage.call("GET", f"/stats/{SANDBOX}").status == 403
    assert stage.call("GET", "/me/workouts").status == 401


def test_athletes_tokens_can_be_verified(stage: Stage) -> None:
    issuer = (
        os.environ.get("AWS_ENDPOINT_URL")
        or f"https://cognito-idp.{boto3.Session().region_name}.amazonaws.com"
    )
    keys = send("GET", f"{issuer}/{stage.outputs('auth')['UserPoolId']}/.well-known/jwks.json", None, {})
    assert keys.status == 200, keys.text
    assert keys.json()["keys"]


def test_the_collector_takes_anything(stage: Stage) -> None:
    answer = send("POST", f"{stage.collector_url}/smoke", b"smoke", {"content-type": "text/plain"})
    assert answer.status == 201, answer.text
    assert answer.json()["requestId"]
