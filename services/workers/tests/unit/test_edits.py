"""Workouts changed and deleted: under versions, judged again, with all that points to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.desk import NOW, SQUAT, Athlete

from wotr_common import keys
from wotr_common.items import workout_from_item, workout_item
from wotr_common.workout import Workout, content_hash

RUN: dict[str, Any] = {"type": "run", "startedAt": "2026-02-01T07:00:00Z", "durationMin": 30}
OTHER_START = "2026-02-01T08:00:00.000Z"


@pytest.fixture
def ada(dynamodb: Any) -> Athlete:
    return Athlete(dynamodb)


def ran(ada: Athlete, beside: dict[str, Any] | None = None, **said: Any) -> Workout:
    """A stored run, with attributes `beside` it."""
    fields = {**RUN, **said}
    workout = Workout.model_validate(
        {"version": 7, **fields, "userId": "ada", "workoutId": "?", "createdAt": NOW}
    )
    workout = workout.model_copy(update={"workout_id": keys.workout_id(workout.started_at)})
    ada.put({**workout_item(workout, 1), **(beside or {})})
    return workout


def test_a_change_is_stored_as_a_new_version_with_what_lies_beside_it(ada: Athlete) -> None:
    workout = ran(ada, {"importRow": "i1/v:3", "refs": []}, notes="easy", distanceM=5000)

    body = ada.done(
        "workout.change",
        workoutId=workout.workout_id,
        change={"version": 7, "durationMin": 40.5, "notes": None},
    )

    (item,) = ada.workouts()
    changed = workout_from_item(item)
    assert changed.answer() == body
    assert (changed.duration_min, changed.notes, changed.distance_m) == (Decimal("40.5"), None, Decimal(5000))
    assert changed.version > 7
    assert item["contentHash"] == content_hash(changed)
    assert (item["importRow"], item["editedAt"]) == ("i1/v:3", "2026-03-01T18:30:00.000Z")
    assert item["correlationId"] == "of-command-1"


def test_another_type_is_found_by_that_type(ada: Athlete) -> None:
    workout = ran(ada)
    ada.done("workout.change", workoutId=workout.workout_id, change={"version": 7, "type": "ride"})
    assert ada.workouts()[0][keys.TYPE_INDEX_PK] == keys.type_index_pk("ride", 0)


def test_a_change_of_another_version_conflicts_and_shows_the_current_one(ada: Athlete) -> None:
    workout = ran(ada)
    outcome = ada.ask("workout.change", workoutId=workout.workout_id, change={"version": 6, "rpe": 8})
    assert (outcome.status, outcome.body["current"]) == (409, workout.answer())
    assert workout_from_item(ada.workouts()[0]) == workout


def test_a_change_that_says_nothing_new_writes_nothing(ada: Athlete) -> None:
    workout = ran(ada)
    stored = ada.items()
    change = {"version": 7, "durationMin": 30.0, "startedAt": "2026-02-01T08:00:00+01:00", "notes": None}
    assert ada.done("workout.change", workoutId=workout.workout_id, change=change) == workout.answer()
    assert ada.items() == stored


def test_the_same_change_again_is_done_once(ada: Athlete) -> None:
    workout = ran(ada)
    arguments = {"workoutId": workout.workout_id, "change": {"version": 7, "rpe": 8}}
    first = ada.ask("workout.change", command_id="c", **arguments)
    ada.later()
    assert ada.ask("workout.change", command_id="c", **arguments) == first


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "chess"}, "/type"),
        ({"durationMin": 0.5}, "/durationMin"),
        ({"durationMin": None}, "/durationMin"),
        ({"distanceM": 30_000}, "/distanceM"),
        ({"startedAt": "1999-01-01T00:00:00Z"}, "/startedAt"),
        ({"shoes": "red"}, "/shoes"),
    ],
)
def test_a_change_is_judged_with_what_stays(ada: Athlete, change: dict[str, Any], pointer: str) -> None:
    workout = ran(ada)
    outcome = ada.ask("workout.change", workoutId=workout.workout_id, change={"version": 7, **change})
    assert (outcome.status, outcome.body["errors"][0]["pointer"]) == (422, pointer)
    assert workout_from_item(ada.workouts()[0]) == workout


def test_what_was_refusable_before_is_not_the_changes_fault(ada: Athlete) -> None:
    workout = ran(ada, type="rowing")
    change = {"version": 7, "notes": "windy"}
    assert ada.ask("workout.change", workoutId=workout.workout_id, change=change).status == 200


def test_warnings_are_those_of_the_changed_workout(ada: Athlete) -> None:
    from_the_file = "elapsedTime: over a day"
    workout = ran(ada, distanceM=12_000, warnings=("distanceM: unusually fast for a run", from_the_file))
    body = ada.done(
        "workout.change",
        workoutId=workout.workout_id,
        change={"version": 7, "distanceM": 120_000, "durationMin": 600},
    )
    assert body["warnings"] == [from_the_file, "distanceM: unusually far for a run"]


def test_a_warning_of_the_file_goes_with_the_field_it_is_about(ada: Athlete) -> None:
    workout = ran(ada, warnings=("durationMin: a timer was left running",))
    body = ada.done("workout.change", workoutId=workout.workout_id, change={"version": 7, "durationMin": 45})
    assert body["warnings"] == []


def test_a_workout_moves_with_all_that_points_to_it(ada: Athlete) -> None:
    ref = {**keys.source_key("ada", "strava", "9"), "workoutId": "20260201T070000000Z", "importId": "i1"}
    session = ada.began(SQUAT, startedAt=RUN["startedAt"])
    (linked,) = ada.sessions()
    workout = ran(ada, {"refs": [ref["sk"]]})
    ada.put(ref)
    ada.put({**linked, "workoutId": workout.workout_id})

    body = ada.done(
        "workout.change", workoutId=workout.workout_id, change={"version": 7, "startedAt": OTHER_START}
    )

    (item,) = ada.workouts()
    assert (item["sk"], body["workoutId"]) == (f"WORKOUT#{OTHER_START}", "20260201T080000000Z")
    assert item["refs"] == [ref["sk"]]
    assert workout_from_item(item).version > 7
    (moved_ref,) = ada.items(lambda sk: sk == ref["sk"])
    assert moved_ref == {**ref, "workoutId": body["workoutId"]}
    (moved_session,) = ada.sessions()
    assert moved_session["workoutId"] == body["workoutId"]
    assert moved_session["version"] > session["version"]


def test_a_workout_does_not_move_onto_another(ada: Athlete) -> None:
    other = ran(ada, startedAt=OTHER_START)
    workout = ran(ada)
    stored = ada.items()
    outcome = ada.ask(
        "workout.change", workoutId=workout.workout_id, change={"version": 7, "startedAt": OTHER_START}
    )
    assert (outcome.status, outcome.body["workoutId"]) == (409, other.workout_id)
    assert ada.items() == stored


def test_a_workout_is_deleted_with_the_ids_that_mean_it(ada: Athlete) -> None:
    ref = {**keys.source_key("ada", "strava", "9"), "workoutId": "20260201T070000000Z"}
    workout = ran(ada, {"refs": [ref["sk"], keys.source_key("ada", "garmin", "gone")["sk"]]})
    ada.put(ref)

    assert ada.ask("workout.delete", workoutId=workout.workout_id, version=7).status == 204

    assert ada.items() == []


@pytest.mark.parametrize(("version", "status"), [(None, 422), (6, 409)])
def test_a_workout_is_deleted_only_in_the_version_that_was_seen(
    ada: Athlete, version: int | None, status: int
) -> None:
    workout = ran(ada)
    assert ada.ask("workout.delete", workoutId=workout.workout_id, version=version).status == status
    assert len(ada.workouts()) == 1


@pytest.mark.parametrize("workout_id", ["20260201T070000000Z", "nonsense"])
def test_a_workout_that_is_not_there_is_not_found(ada: Athlete, workout_id: str) -> None:
    assert ada.ask("workout.change", workoutId=workout_id, change={"version": 1}).status == 404
    assert ada.ask("workout.delete", workoutId=workout_id, version=1).status == 404


def test_what_a_session_says_is_changed_there_and_its_workout_goes_with_it_only(ada: Athlete) -> None:
    session = ada.completed(SQUAT)
    workout = workout_from_item(ada.workouts()[0])
    stored = ada.items()
    change = {"version": workout.version, "durationMin": 10}
    for outcome in (
        ada.ask("workout.change", workoutId=workout.workout_id, change=change),
        ada.ask("workout.delete", workoutId=workout.workout_id, version=workout.version),
    ):
        assert (outcome.status, outcome.body["sessionId"]) == (409, session["sessionId"])
    assert ada.items() == stored


def test_a_workout_whose_session_is_gone_can_be_deleted(ada: Athlete) -> None:
    workout = ran(ada, sessionId="20260201T070000-0123456789")
    assert ada.ask("workout.delete", workoutId=workout.workout_id, version=7).status == 204


def test_versions_grow_although_the_clock_is_behind(ada: Athlete) -> None:
    workout = ran(ada, version=10**12 - 5)
    body = ada.done("workout.change", workoutId=workout.workout_id, change={"version": 10**12 - 5, "rpe": 8})
    assert body["version"] == 10**12 - 4
