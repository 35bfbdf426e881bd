"""Every route of an athlete answers with the caller's own data, whatever id of somebody else it is given.

The routes come from the published document: a new one fails here until its ids and its body are known.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import pytest
from belongings import PICTURE, STARTS, Belongings, acquire
from waiting import eventually

from stage_client import Answer, Athlete, Stage, StageError, upload

Proof = Callable[[str, str], None]
ROOT = Path(__file__).resolve().parents[3]
REFUSED = {400, 403, 404, 422}
RUN = {"type": "run", "startedAt": "2026-04-01T06:00:00Z", "durationMin": 20}

# What a route takes, as its owner would send it. `None` stands for the version that the owner sees.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/me/workouts"): RUN,
    ("PATCH", "/me/workouts/{workoutId}"): {"version": None, "notes": "changed"},
    ("POST", "/me/sessions"): {"startedAt": "2026-04-02T06:00:00Z"},
    ("PATCH", "/me/sessions/{sessionId}"): {"version": None, "notes": "changed"},
    ("POST", "/me/sessions/{sessionId}/sets"): {"sets": [{"exercise": "Row", "weightKg": 50, "reps": 5}]},
    ("POST", "/me/sessions/{sessionId}/complete"): {"durationMin": 50},
    ("POST", "/me/imports"): {"timezone": "UTC"},
    ("POST", "/me/uploads"): {"contentType": "image/png"},
    ("PATCH", "/me/profile"): {"maxHeartRate": 181},
}
QUERIES: dict[str, str] = {"/me/load": "from=2026-02-01&to=2026-03-31", "/me/export": "format=json"}
DELETED_LAST = ("GET", "PATCH", "POST", "DELETE")


@dataclass(frozen=True)
class Route:
    """One operation of the document."""

    method: str
    path: str
    body: bool
    parameters: frozenset[str] = field(default_factory=frozenset)

    @property
    def ids(self) -> list[str]:
        """The names of the ids in its path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]


def routes() -> list[Route]:
    """Every route below /me, those that change something behind those that read."""
    document = json.loads((ROOT / "services" / "api" / "openapi.json").read_text())
    found = [
        Route(
            method.upper(),
            path,
            "requestBody" in operation,
            frozenset(each["name"] for each in operation.get("parameters", []) if each["in"] == "query"),
        )
        for path, operations in document["paths"].items()
        if path.startswith("/me")
        for method, operation in operations.items()
        if isinstance(operation, dict)
    ]
    assert len(found) > 20
    return sorted(found, key=lambda route: DELETED_LAST.index(route.method))


@dataclass(frozen=True)
class Attempt:
    """A call with something of somebody else's in it."""

    what: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    refused: bool = True  # otherwise it may be answered, with the caller's own data

    def by(self, caller: Athlete) -> Answer:
        """What the caller is answered."""
        return caller.call(self.method, self.path, self.body, self.headers)


def foreign_ids(victim: Belongings) -> dict[str, str]:
    """Each kind of id of theirs, and each trick to smuggle their name into one."""
    user, ids = victim.athlete.user_id, victim.ids
    tricks = {
        "their name": user,
        "their partition": f"USER#{user}",
        "their name before an id": f"{user}/{ids['workoutId']}",
        "a way out": f"../{user}/{ids['workoutId']}",
        "their photo": victim.photo_key,
    }
    return ids | tricks | {f"page token of {path}": token for path, token in victim.page_tokens.items()}


def attempts(route: Route, victim: Belongings) -> Iterator[Attempt]:
    """Everything that is tried on a route."""
    body = BODIES.get((route.method, route.path))
    assert route.body == (body is not None), f"say in BODIES what {route.method} {route.path} takes"
    said = {**body, **({"version": 1} if "version" in body else {})} if body is not None else None
    for name in route.ids:
        assert name in victim.ids, f"give the victim a {name}, which {route.path} takes"
        for kind, value in foreign_ids(victim).items():
            place = route.path.replace(f"{{{name}}}", quote(value, safe=""))
            yield Attempt(kind, route.method, asking(route, place), said)
    yield from impersonations(route, victim, said)
    if "nextToken" in route.parameters:
        for path, token in victim.page_tokens.items():
            place = asking(route, route.path.format(**victim.ids), nextToken=token)
            yield Attempt(f"page token of {path}", route.method, place)
    if said is not None and "workouts" in route.path:
        place = asking(route, route.path.format(**victim.ids))
        yield Attempt("their photo", route.method, place, {**said, "photoKey": victim.photo_key})


def impersonations(route: Route, victim: Belongings, said: dict[str, Any] | None) -> Iterator[Attempt]:
    """The victim named in the query, the body and in headers, where other systems look for the caller."""
    user, own, named = victim.athlete.user_id, route.path.format(**victim.ids), bool(route.ids)
    for parameter in ("userId", "user_id", "sub", "pk"):
        place = asking(route, own, **{parameter: user})
        yield Attempt(f"{parameter} asked for", route.method, place, said, refused=named)
        if said is not None:
            named_in_body = {**said, parameter: user}
            yield Attempt(f"{parameter} in the body", route.method, asking(route, own), named_in_body)
    for header in ("x-user-id", "x-amzn-oidc-identity", "x-cognito-sub"):
        if route.method == "GET":
            place = asking(route, own)
            yield Attempt(header, route.method, place, said, {header: user}, refused=named)


def asking(route: Route, place: str, **parameters: str) -> str:
    """`place` with the query that the route needs, and `parameters`."""
    version = {"version": "1"} if "version" in route.parameters else {}
    asked = [part for part in (QUERIES.get(route.path), urlencode(version | parameters)) if part]
    return place + ("?" + "&".join(asked) if asked else "")


def seen(athlete: Athlete) -> dict[str, Any]:
    """What every route that reads without an id answers, but for what comes by itself or anew each time."""
    found = {}
    for route in routes():
        if route.method == "GET" and not route.ids and route.path != "/me/export":
            query = QUERIES.get(route.path)
            answer = athlete.call("GET", route.path + (f"?{query}" if query else ""))
            assert answer.status == 200, answer.text
            found[route.path] = answer.json()
    return found


@pytest.fixture(scope="module")
def victim(stage: Stage) -> Belongings:
    return acquire(stage)


@pytest.fixture(scope="module")
def callers(stage: Stage) -> Iterator[dict[str, Athlete]]:
    """A stranger of each group; being coach or admin gives no power over what others own."""
    cognito, pool = boto3.client("cognito-idp"), stage.outputs("auth")["UserPoolId"]
    found = {}
    for group in ("athlete", "coach", "admin"):
        email, password = f"{group}-of-own-data@example.com", "Aa1-own-data-of-somebody"
        stranger = stage.athlete(email, password)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
        found[group] = Athlete(stage, stranger.user_id, stage.sign_in(email, password))
    yield found
    for group in found:
        cognito.admin_delete_user(UserPoolId=pool, Username=f"{group}-of-own-data@example.com")


def test_no_route_answers_with_anybody_elses_data(
    victim: Belongings, callers: dict[str, Athlete], proof: Proof
) -> None:
    before, tried, own = seen(victim.athlete), 0, routes()
    for group, caller in callers.items():
        for route in own:
            for attempt in attempts(route, victim):
                answer, where = (
                    attempt.by(caller),
                    f"{group}: {attempt.method} {attempt.path}, {attempt.what}",
                )
                assert answer.status in REFUSED or (not attempt.refused and answer.status < 300), (
                    f"{where}: {answer.status} {answer.text}"
                )
                leaked = [mark for mark in victim.marks if mark in answer.text and mark not in attempt.path]
                assert not leaked, f"{where} answered with {leaked}: {answer.text}"
                tried += 1
    assert seen(victim.athlete) == before
    proof(
        "1 own data only",
        f"{len(own)} routes, {tried} attempts with ids of another, answered with foreign data: 0",
    )


def test_an_export_and_a_reused_key_give_the_caller_their_own(
    victim: Belongings, callers: dict[str, Athlete]
) -> None:
    for route in routes():
        if route.method == "POST" and not route.ids:
            body, key = BODIES[route.method, route.path], {"Idempotency-Key": secrets.token_hex(16)}
            first = victim.athlete.call("POST", route.path, body, key)
            second = callers["athlete"].call("POST", route.path, body, key)
            assert max(first.status, second.status) < 300, f"{route.path}: {first.text} {second.text}"
            assert not [mark for mark in victim.marks if mark in second.text], second.text
    for caller in callers.values():
        exported = caller.call("GET", "/me/export?format=json")
        assert exported.status == 200
        assert not [mark for mark in victim.marks if mark in exported.text]


def test_a_form_uploads_to_no_place_but_the_callers(victim: Belongings, callers: dict[str, Athlete]) -> None:
    for path, body, key in (
        ("/me/uploads", {"contentType": "image/png"}, victim.photo_key),
        (
            "/me/imports",
            {"timezone": "UTC"},
            f"uploads/{victim.athlete.user_id}/{victim.ids['importId']}.csv",
        ),
    ):
        asked = callers["athlete"].call("POST", path, body).json()
        form = asked if path == "/me/uploads" else asked["upload"]
        kind = "image/png" if path == "/me/uploads" else "text/csv"
        with pytest.raises(StageError, match="refused with 403"):
            upload({**form, "fields": {**form["fields"], "key": key}}, PICTURE, kind)


def test_the_owner_is_let_through_by_every_route(victim: Belongings) -> None:
    """Otherwise a refusal above would say nothing. The last test: it changes what is there."""
    for route in routes():
        place = route.path.format(**victim.ids)
        body = BODIES.get((route.method, route.path))
        query = QUERIES.get(route.path, "")
        if body and "version" in body:
            body = {**body, "version": victim.athlete.call("GET", place).json()["version"]}
        if "version" in route.parameters:
            query = f"version={victim.athlete.call('GET', place).json()['version']}"
        answer = victim.athlete.call(route.method, place + (f"?{query}" if query else ""), body)
        assert answer.status < 300, f"{route.method} {place}: {answer.status} {answer.text}"
    gone = f"/me/workouts/{victim.ids['workoutId']}"
    eventually(lambda: victim.athlete.call("GET", gone).status, lambda status: status == 404, "the deletion")
    assert STARTS[1][:10] in victim.athlete.call("GET", "/me/workouts").text
