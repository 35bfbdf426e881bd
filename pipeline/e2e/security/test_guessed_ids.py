"""Whether somebody else has it cannot be told from the answer, and no spelling of an id leads elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from belongings import Belongings, acquire
from refusals import assert_refused, patiently

from stage_client import Answer, Athlete, Stage

Proof = Callable[[str, str], None]
ABSENT = {"workoutId": "20010101T000000000Z", "sessionId": "20010101T000000-0123456789", "importId": "absent"}
BY_THE_CALL = {
    "correlationId",
    "x-correlation-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-amz-apigw-id",
    "x-amzn-trace-id",
    "date",
}
SET = {"exercise": "Squat", "weightKg": 100, "reps": 5}
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/me/workouts/{workoutId}", None),
    ("PATCH", "/me/workouts/{workoutId}", {"version": 1, "notes": "mine"}),
    ("DELETE", "/me/workouts/{workoutId}?version=1", None),
    ("GET", "/me/sessions/{sessionId}", None),
    ("GET", "/me/sessions/{sessionId}/sets", None),
    ("POST", "/me/sessions/{sessionId}/sets", {"sets": [SET]}),
    ("POST", "/me/sessions/{sessionId}/complete", {"durationMin": 50}),
    ("PATCH", "/me/sessions/{sessionId}", {"version": 1, "notes": "mine"}),
    ("DELETE", "/me/sessions/{sessionId}?version=1", None),
    ("GET", "/me/imports/{importId}", None),
    ("GET", "/me/imports/{importId}/rows", None),
    ("DELETE", "/me/imports/{importId}", None),
]
# As they stand in the address. Some reach the gateway only: what has a slash in it is another route.
SPELLINGS = (
    *(
        "%2e%2e",
        "%252e%252e",
        "..%2f..%2fhealth",
        "%2e%2e%2f%2e%2e",
        "..%5c..%5chealth",
        "..%00",
        "%c0%ae%c0%ae",
    ),
    *(
        "%00",
        "a%00b",
        "%ff",
        "%u0000",
        "%ed%a0%80",
        "%f0%9f%92%a9",
        "%0d%0aX-Forged:%201",
        "a%0ab",
        "%7f",
        "%1b%5b31m",
    ),
    *("*", "%25", "%", "%zz", "{workoutId}", "%7b%7d", "null", "undefined", "-1", "0", "1e400", "true", "[]"),
    *("'%20OR%20'1'='1", "%22%3b%20--", "$(id)", "${jndi:ldap://127.0.0.1/x}", "<script>", ";a=b"),
    *(
        "USER%23{user}",
        "WORKOUT%232026-03-01T06:00:00.000Z",
        "{user}%2f{workoutId}",
        "{workoutId}%00",
        "{workoutId}%20",
    ),
    *("{workoutId};", "{workoutId}%0a", "%20{workoutId}", "a" * 1_000, "9" * 4_000, "%d9%a1" * 18),
)


@pytest.fixture(scope="module")
def owner(stage: Stage) -> Belongings:
    return acquire(stage)


def call(
    caller: Athlete, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    return patiently(lambda: caller.call(method, path, body, headers))


def told(answer: Answer, own_id: str) -> str:
    """All that an answer says, but for what names this call and the id that was asked for."""
    body = {name: value for name, value in answer.json().items() if name not in BY_THE_CALL}
    headers = {name: value for name, value in answer.headers.items() if name not in BY_THE_CALL}
    headers.pop("content-length", None)  # names the call as well: its correlation id is part of the body
    text = json.dumps([answer.status, body, headers], sort_keys=True)
    return text.replace(own_id, "ID")


def test_what_another_has_looks_like_what_nobody_has(stage: Stage, owner: Belongings, proof: Proof) -> None:
    stranger, nobody = stage.athlete(), {"x-correlation-id": "guess"}
    for method, path, body in ROUTES:
        answers = []
        for ids in (owner.ids, ABSENT):
            answer = call(stranger, method, path.format(**ids), body, nobody)
            assert_refused(answer, {404}, f"{method} {path}")
            answers.append(told(answer, next(ids[name] for name in ids if name in path)))
        assert answers[0] == answers[1], f"{method} {path}"
        assert len(answer.text) == len(call(stranger, method, path.format(**owner.ids), body, nobody).text)
    for method, path, body in ROUTES:
        if method == "GET":
            assert call(owner.athlete, method, path.format(**owner.ids), body).status == 200, path
    proof("8 guessed ids", f"{len(ROUTES)} routes tell another's from nobody's by nothing, 404")


def spelled(owner: Belongings) -> Iterator[str]:
    values = {"{user}": owner.athlete.user_id, "{workoutId}": owner.ids["workoutId"]}
    for spelling in SPELLINGS:
        for name, value in values.items():
            spelling = spelling.replace(name, value)  # noqa: PLW2901 - one after the other
        yield spelling


def test_no_spelling_of_an_id_leads_elsewhere(stage: Stage, owner: Belongings, proof: Proof) -> None:
    stranger, tried = stage.athlete(), 0
    for method, path, body in ROUTES:
        name = next(name for name in ABSENT if name in path)
        for spelling in spelled(owner):
            answer = call(stranger, method, path.replace(f"{{{name}}}", spelling), body)
            assert_refused(answer, {400, 403, 404, 422}, f"{method} {path} with {spelling[:60]}")
            assert not [mark for mark in owner.marks if mark in answer.text and mark not in spelling], (
                spelling
            )
            assert "x-forged" not in answer.headers
            tried += 1
    proof("8 spellings of ids", f"{tried} on {len(ROUTES)} routes, all 4xx")


def photo_keys(owner: Athlete, stranger: Athlete) -> Iterator[str]:
    own, foreign = f"photos/{stranger.user_id}", f"photos/{owner.user_id}"
    yield from (
        f"{foreign}/a.png",
        f"{own}/../{owner.user_id}/a.png",
        f"{own}/..",
        f"{own}/./a",
        f"{own}//a",
        own,
    )
    yield from (
        f"{own}/",
        f"/{own}/a",
        f"{own}/a/b",
        f"{own}/%2e%2e",
        f"{own}/a\0",
        f"{own}/a\nb",
        f"{own}/\u202ea",
    )
    yield from (
        f"uploads/{stranger.user_id}/a.csv",
        f"{own}/a?versionId=1",
        "https://127.0.0.1/a",
        f"{own}/é",
        "a" * 5_000,
    )


def test_a_workout_takes_no_photo_but_the_athletes_own(stage: Stage, owner: Belongings, proof: Proof) -> None:
    stranger = stage.athlete()
    keys = [owner.photo_key, *photo_keys(owner.athlete, stranger)]
    for key in keys:
        body = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45, "photoKey": key}
        answer = call(stranger, "POST", "/me/workouts", body)
        assert_refused(answer, {422}, key)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/photoKey"], answer.text
    for name in ("../x", "a/b", "a\0", "", "é", "a" * 65, "%2e%2e", f"{owner.athlete.user_id}/a"):
        assert_refused(call(stranger, "POST", "/me/imports", {"importId": name}), {422}, f"importId {name!r}")
    proof("8 keys of objects", f"{len(keys)} photo keys and 8 import ids that lead elsewhere, all 422")


def test_parameters_given_twice_are_refused_by_name(stage: Stage, owner: Belongings, proof: Proof) -> None:
    machine = stage.outputs("auth")["MachineClientRoleArn"]
    user, tried = owner.athlete.user_id, 0
    for query in (f"userId=a&userId={user}", "limit=1&limit=100", "type=run&type=ride", "limit=1&limit=1"):
        # Signed as it is sent: the signature covers both.
        answer = stage.signed("GET", f"/workouts?{query}", role_arn=machine)
        assert_refused(answer, {422}, query)
        tried += 1
    paths = ("/me/workouts", "/me/sessions", "/me/records", "/me/imports", "/me/load")
    for path in paths:
        for query in (
            "from=2026-01-01&from=2026-02-01",
            "limit=1&limit=2",
            "limit[]=1",
            "limit[0]=1",
            "LIMIT=1",
            "limit=1;limit=2",
        ):
            answer = call(owner.athlete, "GET", f"{path}?{query}")
            assert_refused(answer, {422}, f"{path}?{query}")
            tried += 1
    for version in ("version=1&version=2", "version=1&version=1", "version=", "version=1e400", "version=%00"):
        place = f"/me/workouts/{owner.ids['workoutId']}?{version}"
        assert_refused(call(owner.athlete, "DELETE", place), {422}, version)
        tried += 1
    assert call(owner.athlete, "GET", f"/me/workouts/{owner.ids['workoutId']}").status == 200
    proof("8 parameters", f"{tried} queries that say a thing twice or in a way of their own, all 422")
