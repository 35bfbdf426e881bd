"""No body makes the API fail: too large, too deep, no JSON, or JSON that no two readers understand alike."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from refusals import assert_refused, patiently

from stage_client import Answer, Athlete, Stage

Proof = Callable[[str, str], None]
KIB = 1024
SET = {"exercise": "Squat", "weightKg": 100, "reps": 5}
MACHINES = "/workouts"


def sound(ids: dict[str, str]) -> dict[tuple[str, str], tuple[dict[str, Any], int]]:
    """For each route with a body, one that it takes and how many bytes it may have."""
    run = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45}
    session = f"/me/sessions/{ids['sessionId']}"
    return {
        ("POST", MACHINES): ({**run, "userId": "somebody"}, 64 * KIB),
        ("POST", "/me/workouts"): (run, 64 * KIB),
        ("PATCH", f"/me/workouts/{ids['workoutId']}"): ({"version": 1}, 64 * KIB),
        ("POST", "/me/sessions"): ({"startedAt": "2026-03-01T17:30:00Z"}, 512 * KIB),
        ("PATCH", session): ({"version": 1}, 512 * KIB),
        ("POST", f"{session}/sets"): ({"sets": [SET]}, 512 * KIB),
        ("POST", f"{session}/complete"): ({"durationMin": 50}, 64 * KIB),
        ("POST", "/me/imports"): ({"timezone": "UTC"}, 64 * KIB),
        ("POST", "/me/uploads"): ({"contentType": "image/png"}, 64 * KIB),
        ("PATCH", "/me/profile"): ({"maxHeartRate": 181}, 64 * KIB),
    }


@pytest.fixture(scope="module")
def athlete(stage: Stage) -> Athlete:
    return stage.athlete()


@pytest.fixture(scope="module")
def routes(athlete: Athlete) -> dict[tuple[str, str], tuple[dict[str, Any], int]]:
    run = {"type": "run", "startedAt": "2026-02-01T17:30:00Z", "durationMin": 45}
    workout = athlete.call("POST", "/me/workouts", run).json()
    session = athlete.call("POST", "/me/sessions", {"startedAt": "2026-02-01T17:30:00Z"}).json()
    return sound({"workoutId": workout["workoutId"], "sessionId": session["sessionId"]})


class Caller:
    """Calls each route as who may."""

    def __init__(self, stage: Stage, athlete: Athlete) -> None:
        self._stage, self._athlete = stage, athlete
        self._machine = stage.outputs("auth")["MachineClientRoleArn"]

    def call(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        def send() -> Answer:
            if path == MACHINES:
                return self._stage.signed(method, path, body, headers=headers, role_arn=self._machine)
            return self._athlete.call(method, path, body, headers)

        return patiently(send)


@pytest.fixture(scope="module")
def caller(stage: Stage, athlete: Athlete) -> Caller:
    return Caller(stage, athlete)


def padded(body: dict[str, Any], size: int) -> bytes:
    """The body, blown up by white space, which means nothing, to exactly `size` bytes."""
    text = json.dumps(body).encode()
    return text[:-1] + b" " * (size - len(text)) + b"}"


def test_a_byte_too_many_is_one_too_many(caller: Caller, routes: Any, proof: Proof) -> None:
    for (method, path), (body, most) in routes.items():
        assert caller.call(method, path, padded(body, most)).status != 413, f"{method} {path}"
        for size in (most + 1, 2 * most, 6_000_000):
            answer = caller.call(method, path, padded(body, size))
            assert_refused(answer, {413}, f"{method} {path}, {size} bytes")
    huge = caller.call("POST", "/me/workouts", padded(routes["POST", "/me/workouts"][0], 10_000_001))
    assert_refused(huge, {413}, "10 MB")
    proof("8 oversized bodies", f"{len(routes)} routes, each takes its last byte and answers 413 to the next")


def malformed(body: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """What is no JSON, or not for everybody."""
    text = json.dumps(body).encode()
    name = json.dumps(next(iter(body))).encode()
    yield from {
        "nothing": b"",
        "white space": b" \r\n\t",
        "a NUL": b"\0",
        "NUL behind it": text + b"\0",
        "cut off": text[:-1],
        "two of them": text + text,
        "a comma more": text[:-1] + b",}",
        "a comment": b"/**/" + text,
        "single quotes": text.replace(b'"', b"'"),
        "NaN": text[:-1] + b',"notes":NaN}',
        "Infinity": text[:-1] + b',"notes":-Infinity}',
        "hexadecimal": text[:-1] + b',"notes":0x10}',
        "5,000 digits": text[:-1] + b',"notes":' + b"9" * 5_000 + b"}",
        "the same name twice": b"{" + name + b":1," + text[1:],
        "the same name twice, escaped": b'{"\\u%04x' % ord(name[1:2]) + name[2:] + b":1," + text[1:],
        "the same name twice, below": text[:-1] + b',"notes":{"a":1,"a":2}}',
        "a raw line break in a text": text[:-1] + b',"notes":"a\nb"}',
        "a broken escape": text[:-1] + b',"notes":"\\ud83"}',
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "a form": b"type=run&durationMin=45",
        "YAML": b"type: !!python/object/apply:os.system ['id']",
        "UTF-16": text.decode().encode("utf-16"),
        "UTF-32": text.decode().encode("utf-32"),
    }.items()


def nested(body: dict[str, Any], most: int) -> Iterator[tuple[str, bytes]]:
    """As deep as the size allows: 10^5 levels where it is 512 KiB."""
    text = json.dumps(body).encode()
    lists = min(100_000, (most - len(text) - 16) // 2)
    objects = min(100_000, (most - len(text) - 16) // 6)
    yield f"{lists} lists", b"[" * lists + b"]" * lists
    yield f"{lists} lists that never end", b"[" * lists
    yield f"{objects} objects", b'{"a":' * objects + b"1" + b"}" * objects
    yield f"{lists} lists in a field", text[:-1] + b',"notes":' + b"[" * lists + b"]" * lists + b"}"


def test_what_is_no_json_or_ambiguous_or_endless_is_400(caller: Caller, routes: Any, proof: Proof) -> None:
    tried = 0
    for (method, path), (body, most) in routes.items():
        for what, content in (*malformed(body), *nested(body, most)):
            answer = caller.call(method, path, content)
            assert_refused(answer, {400}, f"{method} {path}, {what}")
            tried += 1
    proof("8 malformed bodies", f"{tried} on {len(routes)} routes, nested up to 100,000 levels, all 400")


def test_another_type_or_encoding_is_415(caller: Caller, routes: Any, proof: Proof) -> None:
    declared = (
        *(
            "",
            "text/plain",
            "text/json",
            "application/xml",
            "multipart/form-data; boundary=x",
            "application/jsonx",
        ),
        *(
            "application/json; charset=utf-16",
            "application/json; charset=utf-7",
            "application/x-www-form-urlencoded",
        ),
        *(
            "application/json; charset=utf-8; charset=utf-32",
            "application/json, text/plain",
            "*/*",
            "application/",
        ),
    )
    for (method, path), (body, _) in routes.items():
        for kind in declared:
            answer = caller.call(method, path, json.dumps(body).encode(), {"content-type": kind})
            assert_refused(answer, {415}, f"{method} {path} as {kind!r}")
    proof("8 declared types", f"{len(declared)} on {len(routes)} routes, all 415")


VALUES: dict[str, bytes] = {
    "1e400": b"1e400",
    "-1e400": b"-1e400",
    "1e-400": b"1e-400",
    "1e308": b"1e308",
    "4,000 digits": b"9" * 4_000,
    "4,000 decimals": b"0." + b"9" * 4_000,
    "2^63": b"9223372036854775808",
    "a lone surrogate": b'"\\ud800"',
    "surrogates in the wrong order": b'"\\udc00\\ud800"',
    "NUL": b'"\\u0000"',
    "right to left": b'"\\u202e"',
    "60,000 characters": b'"' + b"a" * 60_000 + b'"',
    "a list": b"[]",
    "lists": b"[[[[[]]]]]",
    "an object": b'{"a":{"b":null}}',
    "a name of prototypes": b'{"__proto__":{"a":1},"constructor":1}',
    "an operator": b'{"$gt":""}',
    "a text that is code": b'"{{7*7}}${7*7}<%=7*7%>"',
}


def test_hostile_values_in_every_field_are_never_a_failure(caller: Caller, routes: Any, proof: Proof) -> None:
    tried, accepted = 0, 0
    for (method, path), (body, _) in routes.items():
        for name in (*body, "notes", "unknown", "__proto__", "\\ud800", ""):
            others = {other: value for other, value in body.items() if other != name}
            for what, value in VALUES.items():
                content = json.dumps(others).encode()[:-1] + (b"," if others else b"")
                answer = caller.call(method, path, content + b'"' + name.encode() + b'":' + value + b"}")
                tried += 1
                if answer.status in {200, 201, 202}:
                    accepted += 1  # such as a text in notes that only looks like code
                    continue
                # 404 and 409: a number that is what it should be, only spelled at length
                assert_refused(answer, {400, 404, 409, 422}, f"{method} {path}, {name} is {what}")
    assert accepted < tried / 10
    proof(
        "8 hostile values",
        f"{tried} in the fields of {len(routes)} routes, {tried - accepted} of them 4xx, 5xx 0",
    )
