"""What stands before the functions: headers, origins, sizes, limits. Tried on every route of the document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from stage_client import Answer, Athlete, Stage

Proof = Callable[[str, str], None]
DOCUMENT = Path(__file__).resolve().parents[3] / "services" / "api" / "openapi.json"
HEADERS = {
    "strict-transport-security": r"max-age=\d{8}; includeSubDomains",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src( 'none')?; frame-ancestors( 'none')?",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
IDS = {"{sessionId}": "20260301T173000-1a2b3c4d5e", "{importId}": "nothing", "{userId}": "e2e-nobody"}
LARGE = b'{"notes": "' + b"x" * (512 * 1024) + b'"}'
EVIL = "https://evil.example.com"


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path as called, operation) of every route."""
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return [
        (method.upper(), re.sub(r"{\w+}", lambda name: IDS.get(name[0], "20260301T173000000Z"), path), each)
        for path, methods in paths.items()
        for method, each in methods.items()
    ]


def schemes(operation: dict[str, Any]) -> set[str]:
    return {name for each in operation["security"] for name in each}


@pytest.fixture(scope="module")
def athlete(stage: Stage) -> Athlete:
    return stage.athlete()


@pytest.fixture(scope="module")
def call(stage: Stage, athlete: Athlete) -> Callable[..., Answer]:
    """A call of a route by somebody who may call it."""
    machine = stage.outputs("auth")["MachineClientRoleArn"]

    def as_allowed(
        method: str, path: str, operation: dict[str, Any], body: Any = None, headers: Any = None
    ) -> Answer:
        if "sigv4" in schemes(operation):
            return stage.signed(method, path, body, headers=headers, role_arn=machine)
        if "cognito" in schemes(operation):
            return athlete.call(method, path, body, headers)
        return stage.call(method, path, body, headers)

    return as_allowed


@pytest.fixture(scope="module")
def origins(stage: Stage) -> list[str]:
    """The origins that the stage allows."""
    described = boto3.client("cloudformation").describe_stacks(StackName=f"wotr-api-{stage.name}")["Stacks"][
        0
    ]
    given = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
    return [each for each in given["AllowedOrigins"].split(",") if each]


def answers(stage: Stage, call: Callable[..., Answer]) -> Iterator[tuple[str, Answer]]:
    """What functions answer, and what the gateway answers by itself, each route in several ways."""
    for method, path, operation in operations():
        what = f"{method} {path}"
        yield what, call(method, path, operation)
        if schemes(operation):
            yield f"{what}, no credentials", stage.call(method, path)
            yield f"{what}, wrong ones", stage.call(method, path, headers={"authorization": "Bearer x.y.z"})
        if "requestBody" in operation:
            yield f"{what}, no JSON", call(method, path, operation, b"{")
            yield (
                f"{what}, not said to be",
                call(method, path, operation, b"x", {"content-type": "text/plain"}),
            )
        if "cognito" in schemes(operation):
            yield f"{what}, beforehand", stage.call("OPTIONS", path, headers={"origin": EVIL})
    yield "no such route", stage.call("GET", "/nothing")
    yield "no such method", stage.call("PUT", "/me/workouts")


def test_every_answer_carries_the_security_headers(
    stage: Stage, call: Callable[..., Answer], proof: Proof
) -> None:
    seen: dict[int, int] = {}
    for what, answer in answers(stage, call):
        missing = {
            name: answer.headers.get(name)
            for name, pattern in HEADERS.items()
            if not re.fullmatch(pattern, answer.headers.get(name, ""))
        }
        assert not missing, f"{what}: {answer.status} {missing}"
        assert answer.status < 500, f"{what}: {answer.status} {answer.text}"
        seen[answer.status] = seen.get(answer.status, 0) + 1
    assert {200, 204, 400, 401, 403, 404, 415} <= set(seen)
    by_status = ", ".join(f"{count}x{status}" for status, count in sorted(seen.items()))
    proof("7 security headers", f"{sum(seen.values())} answers, {len(HEADERS)} headers each ({by_status})")


def test_pages_of_configured_origins_read_answers_and_no_others(
    stage: Stage, call: Callable[..., Answer], origins: list[str], proof: Proof
) -> None:
    strangers = [EVIL, "null", *(f"{each}.evil.com" for each in origins), *(each.upper() for each in origins)]
    asked = 0
    for method, path, operation in operations():
        for origin in strangers:
            for answer in (
                call(method, path, operation, headers={"origin": origin}),
                stage.call(method, path, headers={"origin": origin}),
                stage.call("OPTIONS", path, headers={"origin": origin}),
            ):
                told = answer.headers.get("access-control-allow-origin")
                assert told in {None, *origins[:1]}, f"{method} {path} of {origin}: {told}"
                assert told != origin
                assert "access-control-allow-credentials" not in answer.headers
                assert answer.headers["vary"] == "Origin"
                asked += 1
    for origin in origins:
        for method, path, operation in operations():
            if "cognito" not in schemes(operation):
                continue
            before = stage.call("OPTIONS", path, headers={"origin": origin})
            assert (before.status, before.headers["access-control-allow-origin"]) == (204, origin)
            assert method in before.headers["access-control-allow-methods"]
            answer = call(method, path, operation, headers={"origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
            asked += 2
    if origins:
        refused = stage.call("GET", "/me/profile", headers={"origin": origins[0]})
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, origins[0])
    proof(
        "7 origins",
        f"{asked} answers: {len(origins)} origins allowed, {len(strangers)} strangers told nothing",
    )


def test_a_body_that_is_too_large_is_413_on_every_route_that_takes_one(
    call: Callable[..., Answer], proof: Proof
) -> None:
    refused = 0
    for method, path, operation in operations():
        if "requestBody" in operation:
            answer = call(method, path, operation, LARGE)
            assert answer.status == 413, f"{method} {path}: {answer.status} {answer.text}"
            assert answer.json()["status"] == 413
            refused += 1
    assert refused
    proof("7 size of bodies", f"{refused} routes answer 413 to {len(LARGE):,} bytes, unread")


@pytest.fixture
def slowed(stage: Stage) -> Iterator[tuple[str, str]]:
    """A reading route of athletes that takes one call and then hardly any."""
    gateway = boto3.client("apigateway")
    where: dict[str, str] = {"restApiId": stage.outputs("api")["ApiId"], "stageName": stage.name}
    route = "/~1me~1profile/GET"

    def patch(*operations: dict[str, str]) -> None:
        gateway.update_stage(**where, patchOperations=list(operations))  # type: ignore[arg-type]

    patch(
        {"op": "replace", "path": f"{route}/throttling/burstLimit", "value": "1"},
        {"op": "replace", "path": f"{route}/throttling/rateLimit", "value": "0.001"},
    )
    yield "GET", "/me/profile"
    patch({"op": "remove", "path": route})


def test_who_calls_too_often_is_told_to_wait(athlete: Athlete, slowed: tuple[str, str], proof: Proof) -> None:
    first, second = athlete.call(*slowed), athlete.call(*slowed)
    assert (first.status, second.status) == (200, 429), second.text
    assert second.json()["status"] == 429
    assert int(second.headers["retry-after"]) >= 1
    assert not {name for name, value in HEADERS.items() if not re.fullmatch(value, second.headers[name])}
    proof("7 a route's limit", "the call beyond it answered 429 with Retry-After")


def test_each_class_of_routes_has_limits_of_its_own(stage: Stage, proof: Proof) -> None:
    gateway = boto3.client("apigateway")
    found = gateway.get_stage(restApiId=stage.outputs("api")["ApiId"], stageName=stage.name)["methodSettings"]
    limits = {
        name.replace("~1", "/").strip("/"): (each["throttlingRateLimit"], each["throttlingBurstLimit"])
        for name, each in found.items()
    }
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    of_routes = {
        f"{path.strip('/')}/{method.upper()}": limits.get(
            f"{path.strip('/')}/{method.upper()}", limits["*/*"]
        )
        for path, methods in paths.items()
        for method in methods
    }
    assert of_routes["me/imports/POST"] < of_routes["me/export/GET"] < of_routes["me/workouts/POST"]
    assert of_routes["me/workouts/POST"] < of_routes["me/workouts/GET"]
    assert of_routes["workouts/GET"] < of_routes["workouts/POST"]
    unlimited = {"rate": 10_000.0, "burst": 5_000}  # those of an account
    assert all(rate < unlimited["rate"] and burst < unlimited["burst"] for rate, burst in of_routes.values())
    proof(
        "7 limits by class",
        f"{len(of_routes)} routes, {len(set(of_routes.values()))} pairs of rate and burst",
    )


def test_with_a_policy_machines_and_athletes_still_get_in_and_strangers_do_not(
    stage: Stage, athlete: Athlete, proof: Proof
) -> None:
    """A resource policy that allowed signed routes would let every role of the account in."""
    gateway = boto3.client("apigateway")
    policy = gateway.get_rest_api(restApiId=stage.outputs("api")["ApiId"]).get("policy")
    machine = stage.outputs("auth")["MachineClientRoleArn"]
    assert stage.signed("GET", "/stats/me", role_arn=machine).status == 200
    assert athlete.call("GET", "/me/profile").status == 200
    assert stage.call("GET", "/health").status == 200
    assert stage.call("GET", "/stats/me").status == 403
    if policy:
        assert "MachinesFromTheseAddressesOnly" in policy
        proof("2 addresses of machines", "policy in force: machine, athlete and monitor let in from here")
