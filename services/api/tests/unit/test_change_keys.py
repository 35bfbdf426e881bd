"""`Idempotency-Key` of changes: one key is one command, asked again where nobody knows what came of it."""

from __future__ import annotations

import json

from botocore.exceptions import ReadTimeoutError
from tests.unit.calls import ATHLETE, event, send
from tests.unit.changing import SESSION, SESSION_ID, SQUAT, call
from tests.unit.cloud import Cloud, aws


def test_the_same_key_is_one_command_and_one_answer(cloud: Cloud) -> None:
    cloud.workers.answers(201, SESSION)
    body = {"startedAt": "2026-03-01T17:30:00Z"}

    first = call("POST", "/me/sessions", body, Idempotency_Key="k-1")
    cloud.workers.answers(500)
    second = call("POST", "/me/sessions", body, Idempotency_Key="k-1")

    assert (first.status, first.body, first.headers["location"]) == (
        second.status,
        second.body,
        second.headers["location"],
    )
    assert len(cloud.workers.asked) == 1


def test_a_key_whose_outcome_is_not_known_asks_the_same_command_again(cloud: Cloud) -> None:
    body = {"sets": [SQUAT]}
    path = f"/me/sessions/{SESSION_ID}/sets"

    cloud.workers.fails(ReadTimeoutError(endpoint_url="https://lambda"))
    assert call("POST", path, body, Idempotency_Key="k-1").status == 503
    cloud.workers.answers(200, SESSION)
    assert call("POST", path, body, Idempotency_Key="k-1").status == 200
    assert call("POST", path, body).status == 200
    assert call("POST", path, body).status == 200

    ids = [command.command_id for command in cloud.workers.asked]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3, "without a key, each call is a command of its own"


def test_the_same_key_for_something_else_is_a_conflict(cloud: Cloud) -> None:
    cloud.workers.answers(200, SESSION)
    path = f"/me/sessions/{SESSION_ID}"

    assert call("POST", f"{path}/sets", {"sets": [SQUAT]}, Idempotency_Key="k-1").status == 200
    assert call("POST", f"{path}/sets", {"sets": [SQUAT] * 2}, Idempotency_Key="k-1").status == 409
    assert call("POST", f"{path}/complete", {}, Idempotency_Key="k-1").status == 409
    assert len(cloud.workers.asked) == 1


def test_a_key_of_a_new_workout_is_taken_for_changes_too(cloud: Cloud) -> None:
    run = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 30}
    headers = {"Idempotency-Key": "k-1"}
    assert send("accept", event("POST", "/me/workouts", run, athlete=ATHLETE, headers=headers)).status == 202

    assert call("POST", "/me/sessions", {"startedAt": "2026-03-01T17:30:00Z"}, **headers).status == 409
    assert cloud.workers.asked == []


def test_equal_keys_of_two_athletes_are_two_commands(cloud: Cloud) -> None:
    cloud.workers.answers(200, SESSION)
    for athlete in (ATHLETE, "somebody-else"):
        body = {"sets": [SQUAT]}
        headers = {"Idempotency-Key": "k-1"}
        sent = event("POST", f"/me/sessions/{SESSION_ID}/sets", body, athlete=athlete, headers=headers)
        assert send("change", sent).status == 200

    assert len({command.command_id for command in cloud.workers.asked}) == 2


def test_the_answer_for_a_long_session_can_be_remembered(cloud: Cloud) -> None:
    sets = [SQUAT | {"exercise": f"Exercise {number}", "notes": f"{number}" * 60} for number in range(1000)]
    cloud.workers.answers(200, SESSION | {"sets": sets})

    answers = [
        call("POST", f"/me/sessions/{SESSION_ID}/sets", {"sets": [SQUAT]}, Idempotency_Key="k-1")
        for _ in range(2)
    ]

    assert answers[0].body == answers[1].body
    assert len(json.dumps(answers[0].body)) > 400_000, "more than an item may hold"
    assert len(cloud.workers.asked) == 1


def test_without_a_key_the_table_of_keys_is_not_touched(cloud: Cloud) -> None:
    aws("dynamodb").delete_table(TableName="Idempotency")
    cloud.workers.answers(200, SESSION)

    path = f"/me/sessions/{SESSION_ID}/sets"
    assert call("POST", path, {"sets": [SQUAT]}).status == 200
    assert call("POST", path, {"sets": [SQUAT]}, Idempotency_Key="k-1").status == 503
