"""The API as deployed: who may call what, and what each route does with the real neighbours."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urljoin

import boto3
import pytest

from stage_client import Athlete, Stage
from stage_client.answers import Answer
from wotr_api.routes import ROUTES, Route

Call = Callable[..., Answer]
Forbidden = Callable[[str, str], AbstractContextManager[None]]
RUN: dict[str, Any] = {
    "type": "run",
    "startedAt": "2026-03-01T17:30:00Z",
    "durationMin": 45.5,
    "distanceM": 9000,
}


def problem(answer: Answer) -> dict[str, Any]:
    """The problem in an answer that must be one."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = json.loads(answer.text)
    assert found["correlationId"] == answer.headers["x-correlation-id"]
    assert found["title"]
    assert found["detail"]
    assert found.get("status", answer.status) == answer.status
    return found


# Of nothing that is there: what a route says then does not depend on the routes before it.
IDS = {"workoutId": "20200101T000000000Z", "sessionId": "20260301T173000-0000000000", "importId": "none"}
BODIES: dict[str, dict[str, Any]] = {
    "postMyWorkout": RUN,
    "patchMyWorkout": {"version": 1},
    "postMySession": {"startedAt": "2026-03-01T18:30:00+01:00"},
    "patchMySession": {"version": 1},
    "postMySets": {"sets": [{"exercise": "Squat", "weightKg": 100, "reps": 5}]},
    "completeMySession": {"durationMin": 50},
    "postMyImport": {},
    "postMyUpload": {"contentType": "image/png"},
    "patchMyProfile": {"timezone": "Europe/Berlin"},
}


def arguments(route: Route, user_id: str) -> tuple[str, str, dict[str, Any] | None]:
    path = route.path.format(userId=user_id, **IDS) + ("?version=1" if route.method == "delete" else "")
    body = RUN | {"userId": user_id} if route.operation == "postWorkout" else BODIES.get(route.operation)
    return route.method.upper(), path.removesuffix("?version=1" if "imports" in path else ""), body


routes = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
signed = pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.auth == "sigv4"], ids=lambda r: r.path
)
personal = pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.auth == "cognito"], ids=lambda r: r.path
)


@routes
def test_whom_a_route_is_for_may_call_it(
    stage: Stage, machine: Call, athlete: Athlete, user_id: str, route: Route
) -> None:
    callers: dict[str, Call] = {"sigv4": machine, "cognito": athlete.call, "open": stage.call}
    answer = callers[route.auth](*arguments(route, user_id))

    assert answer.status in {200 if route.files else route.status, 404}
    if answer.status != 404:
        kinds = route.files or ("application/json",)
        assert answer.headers["content-type"].partition(";")[0] in kinds
    else:
        assert "there is no such " in problem(answer)["detail"]


@signed
def test_a_signed_route_refuses_who_has_not_signed_or_may_not(
    stage: Stage, stranger: Call, athlete: Athlete, user_id: str, route: Route
) -> None:
    refused = [caller(*arguments(route, user_id)) for caller in (stage.call, athlete.call, stranger)]

    assert [answer.status for answer in refused] == [403, 403, 403]
    for answer in refused:
        problem(answer)


@personal
def test_an_athletes_route_refuses_who_has_not_signed_in(
    stage: Stage, machine: Call, athlete: Athlete, user_id: str, route: Route
) -> None:
    method, path, body = arguments(route, user_id)
    head, claims, signature = athlete.token.split(".")
    forged = f"{head}.{claims}.{signature[::-1]}"
    refused = [
        stage.call(method, path, body),
        stage.call(method, path, body, {"authorization": "Bearer nonsense"}),
        stage.call(method, path, body, {"authorization": f"Bearer {forged}"}),
        machine(method, path, body),
    ]

    assert [answer.status for answer in refused] == [401] * len(refused)
    assert {problem(answer)["title"] for answer in refused} == {"Not signed in"}


def test_an_access_token_is_no_id_token(stage: Stage) -> None:
    email, password = f"{secrets.token_hex(6)}@example.com", f"Aa1-{secrets.token_urlsafe(18)}"
    athlete = stage.athlete(email, password)
    auth = stage.outputs("auth")
    tokens = boto3.client("cognito-idp").admin_initiate_auth(
        UserPoolId=auth["UserPoolId"],
        ClientId=auth["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )["AuthenticationResult"]

    def call(token: str) -> Answer:
        return stage.call("GET", "/me/workouts", headers={"authorization": f"Bearer {token}"})

    assert [call(token).status for token in (athlete.token, tokens["IdToken"])] == [200, 200]
    refused = call(tokens["AccessToken"])
    assert (refused.status, problem(refused)["title"]) == (401, "Not signed in")


def test_a_wrong_signature_is_a_problem(stage: Stage, user_id: str) -> None:
    header = "AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260301/eu-central-1/execute-api/aws4_request, "
    answer = stage.call(
        "GET",
        f"/stats/{user_id}",
        headers={
            "authorization": f"{header}SignedHeaders=host, Signature=00",
            "x-amz-date": "20260301T000000Z",
        },
    )
    assert answer.status == 403
    problem(answer)


def test_what_is_accepted_can_be_read_at_its_place(
    stage: Stage, machine: Call, user_id: str, eventually: Callable[..., Answer]
) -> None:
    accepted = machine("POST", "/workouts", RUN | {"userId": user_id}, headers={"x-correlation-id": "trip-7"})
    assert (accepted.status, accepted.headers["x-correlation-id"]) == (202, "trip-7")

    place = urljoin(f"{stage.api_url}/workouts", accepted.headers["location"]).removeprefix(stage.api_url)
    found = eventually(lambda: machine("GET", place), 200)

    assert {name: found.json()[name] for name in ("type", "durationMin", "distanceM", "userId")} == {
        "type": "run",
        "durationMin": 45.5,
        "distanceM": 9000,
        "userId": user_id,
    }
    listed = machine("GET", "/workouts", query={"userId": user_id}).json()["workouts"]
    by_type = machine(
        "GET",
        "/workouts",
        query={
            "type": "run",
            "from": "2026-03-01T17:30:00Z",
            "to": "2026-03-01T17:30:00.001Z",
            "limit": "100",
        },
    ).json()["workouts"]
    assert listed == [found.json()]
    assert found.json() in by_type


def test_an_athletes_history_pages_to_its_end(stage: Stage, eventually: Callable[..., Answer]) -> None:
    athlete = stage.athlete()
    days = [f"2026-03-{day:02d}T06:00:00Z" for day in (27, 28, 29, 30, 31)]
    for day in days:
        assert athlete.call("POST", "/me/workouts", RUN | {"startedAt": day}).status == 202
    for day in days:
        identity = day.replace("-", "").replace(":", "").replace("Z", "000Z")
        assert (
            eventually(lambda identity=identity: athlete.call("GET", f"/me/workouts/{identity}"), 200).status
            == 200
        )

    first = athlete.call("GET", "/me/workouts?limit=3").json()
    second = athlete.call("GET", f"/me/workouts?limit=3&nextToken={first['nextToken']}").json()

    starts = [each["startedAt"][:10] for each in first["workouts"] + second["workouts"]]
    assert starts == [day[:10] for day in reversed(days)]
    assert "nextToken" not in second
    stolen = stage.athlete().call("GET", f"/me/workouts?limit=3&nextToken={first['nextToken']}")
    assert (stolen.status, problem(stolen)["errors"][0]["pointer"]) == (422, "nextToken")


def test_an_idempotency_key_holds_across_calls(machine: Call, user_id: str) -> None:
    def post(minutes: int) -> Answer:
        body = RUN | {"userId": user_id, "durationMin": minutes}
        return machine("POST", "/workouts", body, headers={"idempotency-key": user_id})

    first, again, other = post(30), post(30), post(31)

    assert (first.status, again.status, other.status) == (202, 202, 409)
    assert first.json() == again.json()
    problem(other)


def test_a_key_whose_call_failed_is_free_for_the_next_try(
    machine: Call, user_id: str, forbidden: Forbidden
) -> None:
    def post() -> Answer:
        return machine("POST", "/workouts", RUN | {"userId": user_id}, headers={"idempotency-key": user_id})

    with forbidden("AcceptRole", "sqs:SendMessage"):
        failed = post()
    assert failed.status >= 500
    problem(failed)
    assert post().status == 202


def test_bad_input_is_a_problem_that_names_the_field(machine: Call, user_id: str) -> None:
    answer = machine("POST", "/workouts", RUN | {"userId": user_id, "durationMin": "long", "mood": "good"})

    assert answer.status == 422
    assert {error["pointer"] for error in problem(answer)["errors"]} == {"/durationMin", "/mood"}
    assert problem(machine("POST", "/workouts", b'{"type":'))["status"] == 400


def test_a_type_added_to_the_limits_is_accepted_without_a_deployment(
    stage: Stage, machine: Call, user_id: str, eventually: Callable[..., Answer]
) -> None:
    ssm = boto3.client("ssm")
    name = f"/wotr/{stage.name}/workouts/supported-types"
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    body = RUN | {"userId": user_id, "type": "curling"}
    assert machine("POST", "/workouts", body).status == 422
    try:
        ssm.put_parameter(Name=name, Value=f"{before},curling", Overwrite=True)
        assert eventually(lambda: machine("POST", "/workouts", body), 202).status == 202
    finally:
        ssm.put_parameter(Name=name, Value=before, Overwrite=True)


def test_throttled_calls_are_told_when_to_come_back(stage: Stage) -> None:
    gateway = boto3.client("apigateway")
    where = {"restApiId": stage.outputs("api")["ApiId"], "stageName": stage.name}
    before = gateway.get_stage(**where)["methodSettings"]["*/*"]

    def limit(rate: float, burst: int) -> None:
        values = {"throttling/rateLimit": rate, "throttling/burstLimit": burst}
        gateway.update_stage(
            **where,
            patchOperations=[
                {"op": "replace", "path": f"/*/*/{name}", "value": f"{value:g}"}
                for name, value in values.items()
            ],
        )

    limit(1, 1)
    try:
        answers = [stage.call("GET", "/health") for _ in range(5)]
    finally:
        limit(before["throttlingRateLimit"], before["throttlingBurstLimit"])
    refused = [answer for answer in answers if answer.status != 200]

    assert {answer.status for answer in refused} == {429}
    assert int(refused[0].headers["retry-after"]) >= 1
    problem(refused[0])
