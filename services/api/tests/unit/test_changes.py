"""Changes: what workers is asked, and what a caller is told of the outcome."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.calls import ATHLETE, event, send
from tests.unit.changing import SESSION, SESSION_ID, SQUAT, WORKOUT, WORKOUT_ID, call
from tests.unit.cloud import Cloud

ALIAS = "arn:aws:lambda:eu-central-1:123456789012:function:command:live"


def asked(cloud: Cloud) -> tuple[str, dict[str, Any]]:
    """The one command that workers was asked."""
    (command,) = cloud.workers.asked
    assert command.user_id == ATHLETE
    return command.name, command.arguments


def test_a_command_goes_to_the_alias_with_the_caller_and_the_correlation_id(cloud: Cloud) -> None:
    cloud.workers.answers(200, WORKOUT)

    call("PATCH", f"/me/workouts/{WORKOUT_ID}", {"version": 7, "notes": None}, X_Correlation_Id="trip-7")

    (command,) = cloud.workers.asked
    assert cloud.workers.qualifiers == [ALIAS]
    assert (command.user_id, command.correlation_id) == (ATHLETE, "trip-7")


def test_a_patch_asks_for_what_was_named_and_removes_what_is_null(cloud: Cloud) -> None:
    cloud.workers.answers(200, WORKOUT)

    answer = call("PATCH", f"/me/workouts/{WORKOUT_ID}", {"version": 7, "durationMin": 45.0, "notes": None})

    change = {"version": 7, "durationMin": 45, "notes": None}
    assert asked(cloud) == ("workout.change", {"workoutId": WORKOUT_ID, "change": change})
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, WORKOUT, '"8"')


def test_if_match_is_taken_for_the_version(cloud: Cloud) -> None:
    cloud.workers.answers(200, WORKOUT)
    path = f"/me/workouts/{WORKOUT_ID}"

    assert call("PATCH", path, {"rpe": 8}, If_Match='"7"').status == 200
    assert call("PATCH", path, {"rpe": 8, "version": 7}, If_Match='"7"').status == 200
    cloud.workers.answers(204)
    assert call("DELETE", path, If_Match='"7"').status == 204

    assert [
        command.arguments.get("change", command.arguments)["version"] for command in cloud.workers.asked
    ] == [
        7,
        7,
        7,
    ]


@pytest.mark.parametrize(
    ("method", "query", "body", "if_match", "pointer"),
    [
        ("PATCH", "", {"rpe": 8}, None, "/version"),
        ("PATCH", "", {"rpe": 8, "version": 6}, '"7"', "If-Match"),
        ("PATCH", "", {"rpe": 8}, "7", "If-Match"),
        ("PATCH", "", {"rpe": 8}, "*", "If-Match"),
        ("PATCH", "", {"rpe": 8.3, "version": 6}, None, "/rpe"),
        ("PATCH", "", {"type": None, "version": 6}, None, "/type"),
        ("PATCH", "", {"userId": "sam", "version": 6}, None, "/userId"),
        ("PATCH", "", [], '"7"', ""),
        ("DELETE", "", None, None, "version"),
        ("DELETE", "?version=0", None, None, "version"),
        ("DELETE", "?version=x", None, None, "version"),
        ("DELETE", "?version=6", None, '"7"', "If-Match"),
        ("DELETE", "?version=6&force=1", None, None, "force"),
    ],
)
def test_a_change_that_names_no_version_or_a_wrong_field_is_not_asked_for(
    cloud: Cloud, *, method: str, query: str, body: object, if_match: str | None, pointer: str
) -> None:
    headers = {} if if_match is None else {"If_Match": if_match}
    answer = call(method, f"/me/workouts/{WORKOUT_ID}{query}", body, **headers)

    assert (answer.status, answer.pointers()) == (422, [pointer])
    assert cloud.workers.asked == []


def test_deleting_answers_nothing(cloud: Cloud) -> None:
    cloud.workers.answers(204)

    answer = call("DELETE", f"/me/workouts/{WORKOUT_ID}?version=7")

    assert (answer.status, answer.body) == (204, None)
    assert asked(cloud) == ("workout.delete", {"workoutId": WORKOUT_ID, "version": 7})


def test_a_session_is_created_at_its_place_with_what_its_sets_amount_to(cloud: Cloud) -> None:
    cloud.workers.answers(201, SESSION)
    said = {
        "startedAt": "2026-03-01T18:30:00+01:00",
        "sets": [{"exercise": "Squat", "weight": 220.462262185, "weightUnit": "lb", "reps": 5}],
    }

    answer = call("POST", "/me/sessions", said)

    assert answer.status == 201
    there = urljoin("https://host/dev/me/sessions", answer.headers["location"])
    assert there == f"https://host/dev/me/sessions/{SESSION_ID}"
    assert answer.body == SESSION | {
        "volumeKg": 500,
        "bestSets": [
            {
                "exercise": "Squat",
                "heaviest": {
                    "position": 1,
                    "weightKg": 100,
                    "reps": 5,
                    "epleyKg": 116.667,
                    "brzyckiKg": 112.5,
                },
                "bestEstimate": {
                    "position": 1,
                    "weightKg": 100,
                    "reps": 5,
                    "epleyKg": 116.667,
                    "brzyckiKg": 112.5,
                },
            }
        ],
    }
    name, arguments = asked(cloud)
    assert name == "session.create"
    assert arguments["session"]["startedAt"] == "2026-03-01T18:30:00.000+01:00", "the athlete's own clock"
    assert arguments["session"]["sets"] == [
        {"exercise": "Squat", "weightKg": 100, "weightUnit": "lb", "reps": 5}
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "name", "arguments", "status"),
    [
        ("POST", "/sets", {"sets": [SQUAT]}, "session.add_sets", {"sets": [SQUAT]}, 200),
        ("POST", "/complete", {"rpe": 8}, "session.complete", {"completion": {"rpe": 8}}, 200),
        ("POST", "/complete", {}, "session.complete", {"completion": {}}, 200),
        (
            "PATCH",
            "",
            {"version": 7, "sets": []},
            "session.change",
            {"change": {"version": 7, "sets": []}},
            200,
        ),
        ("DELETE", "?version=7", None, "session.delete", {"version": 7}, 204),
    ],
)
def test_what_happens_to_a_session_is_a_command(
    cloud: Cloud, *, method: str, path: str, body: object, name: str, arguments: dict[str, Any], status: int
) -> None:
    cloud.workers.answers(status, SESSION if status == 200 else None)

    answer = call(method, f"/me/sessions/{SESSION_ID}{path}", body)

    assert answer.status == status
    assert asked(cloud) == (name, {"sessionId": SESSION_ID, **arguments})
    if status == 200:
        assert (answer.body["volumeKg"], answer.headers["etag"]) == (500, '"7"')


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/me/sessions", {"startedAt": "2026-03-01T18:30:00"}, "/startedAt"),
        ("/me/sessions", {"startedAt": "2026-03-01T18:30:00Z", "mood": "good"}, "/mood"),
        (f"/me/sessions/{SESSION_ID}/sets", {"sets": []}, "/sets"),
        (f"/me/sessions/{SESSION_ID}/sets", {"sets": [SQUAT, SQUAT | {"reps": 5.5}]}, "/sets/1/reps"),
        (f"/me/sessions/{SESSION_ID}/sets", {"sets": [SQUAT, SQUAT | {"weight": 5}]}, "/sets/1"),
        (f"/me/sessions/{SESSION_ID}/complete", {"durationMin": 0}, "/durationMin"),
        ("/me/uploads", {"contentType": "image/svg+xml"}, "/contentType"),
        ("/me/imports", {"weightUnit": "stone"}, "/weightUnit"),
        ("/me/imports", {"timezone": "Berlin"}, "/timezone"),
        ("/me/imports", {"importId": "../x"}, "/importId"),
    ],
)
def test_a_wrong_field_is_named_before_anybody_is_asked(
    cloud: Cloud, path: str, body: object, pointer: str
) -> None:
    answer = call("POST", path, body)

    assert (answer.status, answer.pointers()) == (422, [pointer])
    assert cloud.workers.asked == []


def test_a_session_may_be_larger_than_other_bodies(cloud: Cloud) -> None:
    cloud.workers.answers(200, SESSION)
    long = [SQUAT | {"notes": "x" * 100}] * 1000

    assert call("POST", f"/me/sessions/{SESSION_ID}/sets", {"sets": long}).status == 200
    assert (
        call("POST", f"/me/sessions/{SESSION_ID}/sets", {"sets": [SQUAT], "x": "x" * 600_000}).status == 413
    )
    assert call("POST", f"/me/sessions/{SESSION_ID}/complete", {"notes": "x" * 70_000}).status == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/me/workouts/nonsense"),
        ("DELETE", "/me/workouts/20261301T000000000Z?version=1"),
        ("PATCH", "/me/sessions/nonsense"),
        ("DELETE", "/me/sessions/20261301T000000-aa?version=1"),
        ("POST", "/me/sessions/20260301T173000-A/sets"),
        ("POST", "/me/sessions/20260301T173000/complete"),
        ("DELETE", "/me/imports/a.b"),
        ("DELETE", "/me/imports/" + "a" * 65),
    ],
)
def test_an_id_that_cannot_be_one_is_404_without_asking(cloud: Cloud, method: str, path: str) -> None:
    assert call(method, path, {"version": 1, "sets": [SQUAT]} if method != "DELETE" else None).status == 404
    assert cloud.workers.asked == []


def test_a_problem_of_workers_reaches_the_caller_whole(cloud: Cloud) -> None:
    problem = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "it was changed meanwhile",
        "current": WORKOUT,
        "correlationId": "theirs",
    }
    cloud.workers.answers(409, problem)
    path = f"/me/workouts/{WORKOUT_ID}"

    answer = call("PATCH", path, {"version": 7}, X_Correlation_Id="trip-7")
    assert (answer.status, answer.body) == (409, problem | {"correlationId": "trip-7"})

    cloud.workers.answers(422, {"detail": "1 field", "errors": [{"pointer": "/type", "message": "no"}]})
    assert call("PATCH", path, {"version": 7}).pointers() == ["/type"]
    cloud.workers.answers(404, {"detail": "there is no such workout"})
    assert call("DELETE", f"{path}?version=7").status == 404
    cloud.workers.answers(503, {"detail": "too much at once"})
    busy = call("PATCH", path, {"version": 7})
    assert (busy.status, busy.body["detail"]) == (503, "too much at once")
    assert busy.headers["retry-after"]


@pytest.mark.parametrize("failure", ["timeout", "throttled", "crash", "nonsense", "denied"])
def test_no_outcome_is_503_that_promises_nothing(cloud: Cloud, failure: str) -> None:
    match failure:
        case "timeout":
            cloud.workers.fails(ReadTimeoutError(endpoint_url="https://lambda"))
        case "throttled":
            cloud.workers.says(b'{"Type": "User", "message": "Rate Exceeded."}', status=429)
        case "crash":
            cloud.workers.says(b'{"errorMessage": "secret", "errorType": "KeyError"}', error="Unhandled")
        case "nonsense":
            cloud.workers.says(b'"Mock response"')
        case "denied":
            cloud.workers.says(b'{"message": "not authorized"}', status=403)

    answer = call("PATCH", f"/me/workouts/{WORKOUT_ID}", {"version": 7})

    assert answer.status == 503
    assert "may or may not" in answer.body["detail"]
    assert "secret" not in str(answer.body)
    assert int(answer.headers["retry-after"]) >= 1
    assert len(cloud.workers.asked) == 1, "asked once: only the caller may ask again"


def test_a_profile_change_names_what_is_said_and_what_is_taken_back(cloud: Cloud) -> None:
    profile = {"timezone": "Europe/Berlin", "weightUnit": "kg", "version": 3}
    cloud.workers.answers(200, profile)

    answer = call("PATCH", "/me/profile", {"timezone": "Europe/Berlin", "sex": None})

    assert asked(cloud) == ("profile.change", {"profile": {"timezone": "Europe/Berlin", "sex": None}})
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, profile, '"3"')


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (f"photos/{ATHLETE}/0123abc", 200),
        (f"photos/{ATHLETE}/0123.jpg", 200),
        (None, 200),
        ("photos/somebody-else/0123abc", 422),
        (f"photos/{ATHLETE}", 422),
        (f"photos/{ATHLETE}/", 422),
        (f"photos/{ATHLETE}/../somebody-else/0123abc", 422),
        (f"photos/{ATHLETE}-2/0123abc", 422),
        (f"photos/{ATHLETE}/..", 422),
    ],
)
def test_a_photo_must_be_the_athletes_own(cloud: Cloud, key: str | None, status: int) -> None:
    cloud.workers.answers(200, WORKOUT)

    changed = call("PATCH", f"/me/workouts/{WORKOUT_ID}", {"version": 7, "photoKey": key})
    posted = send(
        "accept",
        event(
            "POST",
            "/me/workouts",
            {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 30, "photoKey": key},
            athlete=ATHLETE,
        ),
    )

    assert (changed.status, posted.status) == (status, 202 if status == 200 else 422)
    if status == 422:
        assert changed.pointers() == posted.pointers() == ["/photoKey"]
        assert (cloud.workers.asked, cloud.messages()) == ([], [])


def test_a_caller_without_a_name_is_refused_before_the_body_is_read(cloud: Cloud) -> None:
    for method, path in (("POST", "/me/sessions"), ("PATCH", "/me/profile"), ("POST", "/me/uploads")):
        assert send("change", event(method, path, raw="{", machine=None)).status == 401


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["sets", "startedAt", "version", "rpe", "title", "durationMin", "notes"])
ROUTES = st.sampled_from(
    [
        ("POST", "/me/sessions"),
        ("POST", f"/me/sessions/{SESSION_ID}/sets"),
        ("POST", f"/me/sessions/{SESSION_ID}/complete"),
        ("PATCH", f"/me/sessions/{SESSION_ID}"),
        ("PATCH", f"/me/workouts/{WORKOUT_ID}"),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(route=ROUTES, body=st.dictionaries(NAMES, ANY_JSON | st.lists(st.just(SQUAT), max_size=2), max_size=5))
def test_no_json_body_is_a_server_error(cloud: Cloud, route: tuple[str, str], body: object) -> None:
    cloud.workers.answers(200, SESSION if "sessions" in route[1] else WORKOUT)

    assert call(*route, raw=json.dumps(body)).status in {200, 201, 400, 422}
