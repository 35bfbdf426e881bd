"""The deployed function that answers commands: as its caller invokes it, and what the bus hears of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from tests.integration.stage import Ask, eventually

from wotr_common import keys

START = "2026-03-01T17:30:00Z"
SQUAT = {"exercise": "Squat", "weightKg": 100, "reps": 5}


def items(outputs: dict[str, str], user: str) -> list[dict[str, Any]]:
    """All that is stored of the user, but for records."""
    found = boto3.client("dynamodb").query(
        TableName=outputs["data.WorkoutsTableName"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": keys.user_pk(user)}},
        ConsistentRead=True,
    )["Items"]
    return [item for item in found if not keys.is_record(item["sk"]["S"])]


def test_a_session_lives_from_its_first_set_to_its_deletion(
    outputs: dict[str, str], user: str, ask: Ask
) -> None:
    session = ask("session.create", session={"startedAt": START, "sets": [SQUAT]}).body
    session_id = session["sessionId"]

    with ThreadPoolExecutor(4) as devices:
        added = list(
            devices.map(
                lambda number: (
                    ask(
                        "session.add_sets",
                        sessionId=session_id,
                        sets=[{**SQUAT, "notes": str(number)}],
                    ).status
                ),
                range(8),
            )
        )
    assert added == [201] * 8

    completion = {"durationMin": 45, "rpe": 8}
    done = ask("session.complete", command_id="complete", sessionId=session_id, completion=completion)
    assert (done.status, done.body["state"], len(done.body["sets"])) == (200, "completed", 9)
    assert {each.get("notes") for each in done.body["sets"]} == {None, *map(str, range(8))}
    assert ask("session.complete", command_id="complete", sessionId=session_id, completion=completion) == done
    stored = {item["sk"]["S"]: item for item in items(outputs, user)}
    assert stored["WORKOUT#2026-03-01T17:30:00.000Z"]["volumeKg"]["N"] == "4500"

    stale = ask("session.change", sessionId=session_id, change={"version": session["version"], "rpe": 9})
    assert (stale.status, stale.body["current"]) == (409, done.body)
    change = {"version": done.body["version"], "sets": [SQUAT]}
    changed = ask("session.change", sessionId=session_id, change=change)
    assert (changed.status, len(changed.body["sets"])) == (200, 1)

    gone = ask("session.delete", sessionId=session_id, version=changed.body["version"])
    assert (gone.status, items(outputs, user)) == (204, [])


def test_what_cannot_be_is_an_outcome_with_the_field(user: str, ask: Ask) -> None:
    outcome = ask("session.create", session={"startedAt": START, "sets": [{**SQUAT, "reps": 2.5}]})
    assert (outcome.status, outcome.body["errors"][0]["pointer"]) == (422, "/sets/0/reps")
    assert outcome.body["correlationId"].startswith(user)


def test_an_import_is_asked_for_and_taken_back_through_the_queue(
    outputs: dict[str, str], user: str, ask: Ask
) -> None:
    asked = ask("import.request", request={"weightUnit": "kg"}, importId="i1")
    assert (asked.status, asked.body["state"]) == (201, "waiting")

    undone = ask("import.undo", importId="i1")
    assert undone.status in {200, 202}

    def state() -> str:
        (item,) = (item for item in items(outputs, user) if keys.is_import(item["sk"]["S"]))
        return str(item["state"]["S"])

    assert eventually(state, lambda found: found == "undone") == "undone"
