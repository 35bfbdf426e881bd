"""Sessions that are there: changed and deleted, and their workouts with them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.desk import BENCH, SQUAT, START, Athlete

from wotr_common import keys
from wotr_common.items import session_from_item, workout_from_item
from wotr_common.session import head_hash
from wotr_common.strength import volume_kg
from wotr_common.workout import content_hash


@pytest.fixture
def ada(dynamodb: Any) -> Athlete:
    return Athlete(dynamodb)


def test_changing_a_completed_session_changes_its_workout(ada: Athlete) -> None:
    session = ada.completed(SQUAT, rpe=8)
    ada.later()
    change = {"version": session["version"], "sets": [SQUAT, BENCH], "rpe": None, "durationMin": 45}

    body = ada.done("session.change", sessionId=session["sessionId"], change=change)

    (item,) = ada.workouts()
    workout = workout_from_item(item)
    assert (workout.volume_kg, workout.duration_min, workout.rpe) == (Decimal(980), Decimal(45), None)
    assert item["contentHash"] == content_hash(workout)
    assert (item["correlationId"], item["editedAt"]) == ("of-command-3", "2026-03-01T18:31:00.000Z")
    assert "rpe" not in body
    assert "rpe" not in item
    assert body["version"] > session["version"]
    assert ada.sessions()[0]["contentHash"] == head_hash(session_from_item(ada.sessions()[0]))


def test_what_an_athlete_says_of_the_workout_alone_survives_a_change_of_its_session(ada: Athlete) -> None:
    session = ada.completed(SQUAT)
    workout = workout_from_item(ada.workouts()[0])
    ada.done(
        "workout.change",
        workoutId=workout.workout_id,
        change={"version": workout.version, "intensity": "high"},
    )
    ada.done(
        "session.change",
        sessionId=session["sessionId"],
        change={"version": session["version"], "title": "Legs"},
    )
    changed = workout_from_item(ada.workouts()[0])
    assert (changed.intensity, changed.notes) == ("high", "Legs")


def test_a_change_of_an_old_version_conflicts_and_shows_the_current_one(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    added = ada.done("session.add_sets", sessionId=session["sessionId"], sets=[BENCH])
    change = {"version": session["version"], "sets": []}
    outcome = ada.ask("session.change", sessionId=session["sessionId"], change=change)
    assert (outcome.status, outcome.body["current"]) == (409, added)
    assert len(ada.sessions()[0]["sets"]) == 2


def test_a_change_that_says_nothing_new_writes_nothing(ada: Athlete) -> None:
    session = ada.completed(SQUAT, rpe=8)
    stored = ada.items()
    ada.later()
    same = {"version": session["version"], "rpe": 8.0, "sets": [SQUAT], "notes": None}
    assert ada.done("session.change", sessionId=session["sessionId"], change=same) == session
    assert ada.items() == stored


def test_a_completed_session_keeps_a_set(ada: Athlete) -> None:
    session = ada.completed(SQUAT)
    change = {"version": session["version"], "sets": []}
    assert ada.ask("session.change", sessionId=session["sessionId"], change=change).status == 422


def test_a_change_may_not_make_a_session_implausible(ada: Athlete) -> None:
    session = ada.completed(SQUAT, caloriesBurned=600, durationMin=60)
    change = {"version": session["version"], "durationMin": 2}
    outcome = ada.ask("session.change", sessionId=session["sessionId"], change=change)
    assert (outcome.status, outcome.body["errors"][0]["pointer"]) == (422, "/caloriesBurned")


def test_what_lies_beside_a_session_survives_its_change(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    (item,) = ada.sessions()
    ada.put({**item, "importRow": "i1/v:3", "sourceHash": "h", "ofALaterRelease": Decimal(1)})
    change = {"version": session["version"], "title": "Legs"}
    ada.done("session.change", sessionId=session["sessionId"], change=change)
    (item,) = ada.sessions()
    kept = (item["importRow"], item["sourceHash"], item["ofALaterRelease"], item["title"])
    assert kept == ("i1/v:3", "h", 1, "Legs")


def test_a_session_remembers_its_last_commands_only(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    for number in range(30):
        change = {"version": session["version"], "title": f"Day {number}"}
        session = ada.done("session.change", sessionId=session["sessionId"], change=change)
    assert len(ada.sessions()[0]["commandIds"]) == 20


def test_deleting_a_session_deletes_its_workout(ada: Athlete) -> None:
    session, other = ada.completed(SQUAT), ada.completed(BENCH)
    outcome = ada.ask("session.delete", sessionId=session["sessionId"], version=session["version"])
    assert (outcome.status, outcome.body) == (204, {})
    assert [item["sessionId"] for item in ada.items()] == [other["sessionId"]] * 2


def test_a_workout_that_a_session_is_only_linked_to_stays(ada: Athlete) -> None:
    session = ada.completed(SQUAT)
    (item,) = ada.workouts()
    ref = {**keys.source_key("ada", "api", session["sessionId"]), "workoutId": session["workoutId"]}
    another = {"sessionId": "20260301T173000-another000", "source": "strava", "refs": ["x", ref["sk"]]}
    ada.put({**item, **another})
    ada.put(ref)

    ada.done("session.delete", sessionId=session["sessionId"], version=session["version"])

    (left,) = ada.items()
    assert (left["sk"], left["refs"]) == (item["sk"], ["x"])


def test_a_workout_that_a_session_is_linked_to_is_not_deleted_below_it(ada: Athlete) -> None:
    session = ada.completed(SQUAT)
    (item,) = ada.workouts()
    ada.put({name: value for name, value in item.items() if name != "sessionId"} | {"source": "strava"})
    asked = {"workoutId": session["workoutId"], "version": int(item["version"])}

    refused = ada.ask("workout.delete", **asked)
    assert (refused.status, refused.body["sessionId"]) == (409, session["sessionId"])

    ada.done("session.delete", sessionId=session["sessionId"], version=session["version"])
    assert ada.ask("workout.delete", **asked).status == 204
    assert ada.items() == []


@pytest.mark.parametrize(("version", "status"), [(None, 422), ("1", 422), (True, 422), (1, 409)])
def test_a_session_is_deleted_only_in_the_version_that_was_seen(
    ada: Athlete, version: Any, status: int
) -> None:
    session = ada.completed(SQUAT)
    stored = ada.items()
    assert ada.ask("session.delete", sessionId=session["sessionId"], version=version).status == status
    assert ada.items() == stored


def test_versions_grow_through_deletion_and_return(ada: Athlete) -> None:
    said = {"startedAt": START, "sets": [SQUAT]}
    first = ada.done("session.create", command_id="c", session=said)
    ada.done("session.delete", sessionId=first["sessionId"], version=first["version"])
    ada.later()
    again = ada.done("session.create", command_id="c", session=said)
    assert again["sessionId"] == first["sessionId"]
    assert again["version"] > first["version"]


def test_the_volume_of_a_workout_is_that_of_its_sets(ada: Athlete) -> None:
    ada.completed(SQUAT, BENCH, {"exercise": "Pull Up", "reps": 8})
    session = session_from_item(ada.sessions()[0])
    assert workout_from_item(ada.workouts()[0]).volume_kg == volume_kg(session.sets) == 980
    assert keys.is_workout(ada.workouts()[0]["sk"])
