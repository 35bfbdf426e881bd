"""Accepting workouts: what is queued, what is refused, and that nothing is answered 202 without the queue."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.calls import ATHLETE, MACHINE, event, send
from tests.unit.cloud import Cloud, aws

RUN: dict[str, Any] = {
    "type": "run",
    "startedAt": "2026-03-01T18:30:00+01:00",
    "durationMin": 42.5,
    "caloriesBurned": 480,
    "distanceM": 8000,
    "intensity": "high",
    "notes": "windy",
}
FOR_SAM = RUN | {"userId": "sam"}


def test_a_machines_workout_is_queued_and_answered_with_its_place(cloud: Cloud) -> None:
    call = event("POST", "/workouts", FOR_SAM, headers={"X-Correlation-Id": "trip-7"})
    answer = send("accept", call)

    assert (answer.status, answer.body) == (
        202,
        {"workoutId": "20260301T173000000Z", "userId": "sam", "status": "accepted"},
    )
    there = urljoin("https://host/dev/workouts", answer.headers["location"])
    assert there == "https://host/dev/workouts/sam/20260301T173000000Z"
    [message] = cloud.messages()
    assert message["userId"] == "sam"
    assert message["workout"] == RUN | {"startedAt": "2026-03-01T17:30:00.000Z"}
    assert message["correlationId"] == message["attributes"]["correlationId"] == "trip-7"


def test_an_athletes_workout_is_their_own(cloud: Cloud) -> None:
    answer = send("accept", event("POST", "/me/workouts", RUN, athlete=ATHLETE))

    assert (answer.status, answer.body["userId"]) == (202, ATHLETE)
    there = urljoin("https://host/dev/me/workouts", answer.headers["location"])
    assert there == "https://host/dev/me/workouts/20260301T173000000Z"
    assert [message["userId"] for message in cloud.messages()] == [ATHLETE]


def test_an_athlete_cannot_name_somebody_else(cloud: Cloud) -> None:
    answer = send("accept", event("POST", "/me/workouts", FOR_SAM, athlete=ATHLETE))

    assert (answer.status, answer.pointers()) == (422, ["/userId"])
    assert cloud.messages() == []


def test_what_looks_odd_is_accepted_with_its_warning(cloud: Cloud) -> None:
    assert send("accept", event("POST", "/workouts", FOR_SAM | {"durationMin": 3000})).status == 202

    assert cloud.messages()[0]["warnings"] == ["durationMin: longer than a day"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"userId": None}, "/userId"),
        ({"userId": "a b"}, "/userId"),
        ({"type": "chess"}, "/type"),
        ({"type": 7}, "/type"),
        ({"startedAt": "2026-03-01T18:30:00"}, "/startedAt"),
        ({"startedAt": "yesterday"}, "/startedAt"),
        ({"startedAt": "1999-12-31T23:59:59Z"}, "/startedAt"),
        ({"durationMin": "42"}, "/durationMin"),
        ({"durationMin": -1}, "/durationMin"),
        ({"durationMin": 1e300}, "/durationMin"),
        ({"durationMin": 50_000}, "/durationMin"),
        ({"caloriesBurned": 42.5 * 31}, "/caloriesBurned"),
        ({"distanceM": 42_000}, "/distanceM"),
        ({"notes": "a\u0000b"}, "/notes"),
        ({"notes": "x" * 2001}, "/notes"),
        ({"heartRate": 140}, "/heartRate"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_queued(
    cloud: Cloud, change: dict[str, Any], pointer: str
) -> None:
    answer = send("accept", event("POST", "/workouts", FOR_SAM | change))

    assert (answer.status, answer.pointers()) == (422, [pointer])
    assert cloud.messages() == []


def test_all_wrong_fields_are_named_at_once_but_not_thousands(cloud: Cloud) -> None:
    answer = send("accept", event("POST", "/workouts", {f"x{number}": 0 for number in range(3000)}))

    assert answer.status == 422
    assert len(answer.body["errors"]) == 50
    assert "3004 fields" in answer.body["detail"]


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        ("", 400, "empty"),
        ("  ", 400, "empty"),
        ('{"type": run}', 400, "line 1, column 10"),
        ('{\n"type"', 400, "line 2, column 7"),
        ('{"durationMin": NaN}', 400, "NaN"),
        ('{"durationMin": -Infinity}', 400, "-Infinity"),
        ('{"durationMin": ' + "9" * 5000 + "}", 400, "too many digits"),
        ("[" * 50_000 + "]" * 10, 400, "too deeply"),
        ("\ufeff{}", 400, "BOM"),
        ('{"type": "run", "type": "ride"}', 400, "'type' more than once"),
        ('"' + "x" * 65_536 + '"', 413, "65536"),
        ("[]", 422, "correct"),
        ("null", 422, "correct"),
        ('"run"', 422, "correct"),
    ],
)
def test_a_body_that_is_no_workout(cloud: Cloud, raw: str, status: int, said: str) -> None:
    answer = send("accept", event("POST", "/workouts", raw=raw))

    assert answer.status == status
    assert said in answer.body["detail"]


def test_a_body_that_is_no_object_is_pointed_at_as_a_whole(cloud: Cloud) -> None:
    answer = send("accept", event("POST", "/workouts", [FOR_SAM]))

    assert answer.body["errors"] == [{"pointer": "", "message": "must be a JSON object"}]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 202),
        ("Application/JSON;charset=UTF-8", 202),
        ("application/vnd.wotr+json", 202),
        ("application/json; charset=utf-16", 415),
        ("application/json; profile=x; charset=utf-16", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_only_json_is_taken(cloud: Cloud, content_type: str, status: int) -> None:
    call = event("POST", "/workouts", FOR_SAM, headers={"Content-Type": content_type})

    assert send("accept", call).status == status


def test_a_base64_body_is_read(cloud: Cloud) -> None:
    text = event("POST", "/workouts", FOR_SAM)["body"].encode()

    good = event("POST", "/workouts", raw=base64.b64encode(text).decode(), base64=True)
    no_base64 = event("POST", "/workouts", raw="{}", base64=True)
    no_utf8 = event("POST", "/workouts", raw=base64.b64encode(b"\xff{}").decode(), base64=True)
    assert [send("accept", call).status for call in (good, no_base64, no_utf8)] == [202, 400, 400]


def test_no_answer_of_the_queue_is_503_and_can_be_tried_again(cloud: Cloud) -> None:
    aws("sqs").delete_queue(QueueUrl=cloud.queue_url)

    answer = send("accept", event("POST", "/workouts", FOR_SAM))

    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1


def test_unreadable_limits_are_503(cloud: Cloud) -> None:
    cloud.limit("duration-max", "plenty")

    answer = send("accept", event("POST", "/workouts", FOR_SAM))

    assert answer.status == 503
    assert cloud.messages() == []


@pytest.mark.parametrize("path", ["/workouts", "/me/workouts"])
def test_a_caller_without_a_name_is_refused_even_if_the_gateway_let_them_in(cloud: Cloud, path: str) -> None:
    assert send("accept", event("POST", path, RUN, machine=None)).status in {401, 403}
    assert cloud.messages() == []


@pytest.mark.parametrize("use", ["access", "refresh", None])
def test_only_an_id_token_says_who_an_athlete_is(cloud: Cloud, use: str | None) -> None:
    call = event("POST", "/me/workouts", RUN, athlete=ATHLETE)
    call["requestContext"]["authorizer"]["claims"]["token_use"] = use

    answer = send("accept", call)

    assert answer.status == 401
    assert "ID token" in answer.body["detail"]
    assert cloud.messages() == []


def test_an_unexpected_failure_is_a_problem_that_reveals_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from wotr_api.handlers import accept

    monkeypatch.setattr(accept, "_acceptor", lambda: 1 / 0)
    answer = send("accept", event("POST", "/workouts", FOR_SAM))

    assert answer.status == 500
    assert "division" not in str(answer.body)
    assert "ZeroDivisionError" in caplog.text


TEXT = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates too
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from([*FOR_SAM, "ts", "duration", "rpe", "photoKey", "avgHeartRate", "workoutType"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=ANY_JSON | st.dictionaries(NAMES, ANY_JSON, max_size=6).map(lambda change: FOR_SAM | change))
def test_no_json_body_is_a_server_error(cloud: Cloud, body: object) -> None:
    assert send("accept", event("POST", "/workouts", raw=json.dumps(body))).status in {202, 422}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.text(max_size=200))
def test_no_text_is_a_server_error(cloud: Cloud, raw: str) -> None:
    assert send("accept", event("POST", "/workouts", raw=raw)).status in {400, 422}


def test_the_same_key_is_answered_the_same_and_queued_once(cloud: Cloud) -> None:
    call = event("POST", "/workouts", FOR_SAM, headers={"Idempotency-Key": "k-1"})

    first, second = send("accept", call), send("accept", call)

    assert (first.status, first.body, first.headers["location"]) == (
        second.status,
        second.body,
        second.headers["location"],
    )
    assert len(cloud.messages()) == 1
    assert [int(item["expiresAt"]) > 0 for item in cloud.idempotency_items()] == [True]


def test_the_same_key_with_another_body_is_a_conflict(cloud: Cloud) -> None:
    def post(**change: object) -> Any:
        return send(
            "accept", event("POST", "/workouts", FOR_SAM | change, headers={"Idempotency-Key": "k-1"})
        )

    assert [post().status, post(durationMin=43).status, post(userId="kim").status] == [202, 409, 409]
    assert post(durationMin=42.500).status == 202, "the same number in other letters is the same body"
    assert len(cloud.messages()) == 1


def test_equal_keys_of_two_callers_do_not_meet(cloud: Cloud) -> None:
    headers = {"idempotency-key": "k-1"}
    calls = [
        event("POST", "/workouts", FOR_SAM, headers=headers),
        event("POST", "/workouts", FOR_SAM | {"durationMin": 40}, headers=headers, machine=MACHINE + "-2"),
        event("POST", "/me/workouts", RUN, headers=headers, athlete=ATHLETE),
    ]

    assert [send("accept", call).status for call in calls] == [202, 202, 202]
    assert len(cloud.messages()) == 3


def test_a_key_of_a_refused_call_can_be_used_again(cloud: Cloud) -> None:
    headers = {"Idempotency-Key": "k-1"}

    assert (
        send("accept", event("POST", "/workouts", FOR_SAM | {"type": "chess"}, headers=headers)).status == 422
    )
    assert send("accept", event("POST", "/workouts", FOR_SAM, headers=headers)).status == 202


def test_a_call_that_is_still_running_is_a_conflict_to_wait_for(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wotr_api.queue import WorkoutQueue

    call = event("POST", "/workouts", FOR_SAM, headers={"Idempotency-Key": "k-1"})
    meanwhile = []
    with monkeypatch.context() as patch:
        patch.setattr(WorkoutQueue, "send", lambda *_: meanwhile.append(send("accept", call)))
        assert send("accept", call).status == 202

    assert [answer.status for answer in meanwhile] == [409]
    assert meanwhile[0].headers["retry-after"] == "1"


def test_without_a_key_the_table_is_not_touched(cloud: Cloud) -> None:
    aws("dynamodb").delete_table(TableName="Idempotency")

    assert send("accept", event("POST", "/workouts", FOR_SAM)).status == 202


def test_a_table_that_does_not_answer_is_503(cloud: Cloud) -> None:
    aws("dynamodb").delete_table(TableName="Idempotency")

    answer = send("accept", event("POST", "/workouts", FOR_SAM, headers={"Idempotency-Key": "k-1"}))

    assert (answer.status, cloud.messages()) == (503, [])


@pytest.mark.parametrize("key", ["", " ", "x" * 65, "a b", "ключ"])
def test_a_key_must_be_printable_and_short(cloud: Cloud, key: str) -> None:
    answer = send("accept", event("POST", "/workouts", FOR_SAM, headers={"Idempotency-Key": key}))

    assert (answer.status, answer.pointers()) == (422, ["Idempotency-Key"])
