"""Machine routes answer whoever signs with a role that may call them, and nobody else."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import signed_call

from stage_client import Answer, Request, Stage

Proof = Callable[[str, str], None]
ROOT = Path(__file__).resolve().parents[3]
WINDOW = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
RUN = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45}
HARMLESS = {
    "/workouts/{userId}/{workoutId}": "/workouts/{user}/20260301T173000000Z",
    "/stats/{userId}": "/stats/{user}",
}


def machine_routes() -> list[tuple[str, str]]:
    """(method, path) of every route that the published document says is signed."""
    document = json.loads((ROOT / "services" / "api" / "openapi.json").read_text())
    schemes = document["components"]["securitySchemes"]
    signed = {name for name, scheme in schemes.items() if "sigv4" in json.dumps(scheme).lower()}
    found = [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        and signed & {name for each in operation.get("security", []) for name in each}
    ]
    assert ("POST", "/workouts") in found
    return found


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    """A role of this account that nobody granted a route."""
    iam = boto3.client("iam")
    account = boto3.client("sts").get_caller_identity()["Account"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    name = "wotr-e2e-stranger"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    yield role["Arn"]
    iam.delete_role(RoleName=name)


def prepared(stage: Stage, method: str, path: str, user_id: str, role: str) -> Request:
    place = HARMLESS.get(path, path).replace("{user}", user_id)
    query = WINDOW if (method, path) == ("GET", "/workouts") else None
    body = {**RUN, "userId": user_id} if method == "POST" else None
    return stage.sign(method, place, body, query=query, role_arn=role)


def tampered(request: Request) -> Iterator[tuple[str, Request]]:
    """The call with something of it changed after it was signed."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    without = {
        name: value
        for name, value in headers.items()
        if name not in ("authorization", "x-amz-security-token", "x-amz-date")
    }
    signature = headers["authorization"]
    wrong = {**headers, "authorization": f"{signature[:-8]}deadbeef"}
    yield "unsigned", replace(request, headers=without)
    yield "wrong signature", replace(request, headers=wrong)
    yield "another day", replace(request, headers={**headers, "x-amz-date": "20200101T000000Z"})
    yield "no session", replace(request, headers={**without, "authorization": signature})
    yield "another path", replace(request, url=request.url.replace("/workouts", "/workouts/", 1) + "x")
    if "?" in request.url:
        yield "another query", replace(request, url=request.url.replace("2026-03-02", "2026-03-03"))
    if request.body is not None:
        yield "another body", replace(request, body=request.body.replace(b"45", b"46"))


def test_every_machine_route_refuses_whoever_did_not_sign_it_as_one_who_may(
    stage: Stage, user_id: str, stranger: str, proof: Proof
) -> None:
    machine = stage.outputs("auth")["MachineClientRoleArn"]
    routes, refused = machine_routes(), 0
    for method, path in routes:
        good = prepared(stage, method, path, user_id, machine)
        attempts = [*tampered(good), ("a stranger", prepared(stage, method, path, user_id, stranger))]
        for what, request in attempts:
            answer = request.send()
            assert answer.status == 403, f"{method} {path}, {what}: {answer.status} {answer.text}"
            assert answer.headers["content-type"].startswith("application/problem+json")
            refused += 1
        allowed = prepared(stage, method, path, user_id, machine).send()
        assert allowed.status in {200, 202, 404}, f"{method} {path}: {allowed.status} {allowed.text}"
    proof(
        "2 signed calls",
        f"{len(routes)} routes, {refused} attempts refused with 403, each route open to its role",
    )


def test_a_role_for_machines_reaches_no_route_that_is_not_its_own(stage: Stage) -> None:
    machine = stage.outputs("auth")["MachineClientRoleArn"]
    assert stage.signed("GET", "/me/workouts", role_arn=machine).status == 401
    refused: Answer = stage.signed("GET", "/nothing", role_arn=machine)
    assert refused.status in {403, 404}


@pytest.fixture
def call(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(*words: str, sent: Any = None) -> int:
        monkeypatch.setattr(sys, "argv", ["signed_call.py", *words, "--stage", stage.name])
        text = io.TextIOWrapper(io.BytesIO(json.dumps(sent).encode()))
        monkeypatch.setattr(sys, "stdin", text)
        return signed_call.main()

    return run


def test_the_script_signs_as_a_role_that_may_and_says_why_not(
    call: Callable[..., int], capsys: pytest.CaptureFixture[str], user_id: str, stranger: str, tmp_path: Path
) -> None:
    assert call("post", "/workouts", "--body", "-", sent={**RUN, "userId": user_id}) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["workoutId"] == "20260301T173000000Z"
    assert f"Next: signed_call GET /workouts/{user_id}/" in said.err

    assert call("GET", f"/stats/{user_id}", "--role", stranger) == 1
    assert "may not call this route" in capsys.readouterr().err

    assert call("POST", "/workouts", "--body", str(tmp_path / "nothing.json")) == 2
    assert "nothing.json" in capsys.readouterr().err
    assert call("GET", "/workouts", "--query", "from=2026-03-01T00:00:00Z", "--query", "to=soon") == 1
    assert json.loads(capsys.readouterr().out)["status"] == 422
