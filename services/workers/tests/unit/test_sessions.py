"""Live sessions: begun, filled from several devices, completed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.desk import BENCH, SQUAT, START, Athlete

from wotr_common.items import session_from_item, workout_from_item
from wotr_common.session import MOST_SETS, head_hash
from wotr_common.workout import content_hash


@pytest.fixture
def ada(dynamodb: Any) -> Athlete:
    return Athlete(dynamodb)


def test_a_session_begins_open_with_its_sets_in_order(ada: Athlete) -> None:
    outcome = ada.ask(
        "session.create", session={"startedAt": START, "title": "Legs", "sets": [SQUAT, BENCH, SQUAT]}
    )

    assert outcome.status == 201
    assert outcome.body["state"] == "open"
    assert [each["exercise"] for each in outcome.body["sets"]] == ["Squat", "Bench Press", "Squat"]
    (item,) = ada.sessions()
    assert session_from_item(item).answer() == outcome.body
    assert item["correlationId"] == "of-command-1"
    assert item["contentHash"] == head_hash(session_from_item(item))
    assert ada.workouts() == []


@pytest.mark.parametrize(
    ("zone", "started_at", "date"),
    [
        (None, "2026-03-01T23:30:00Z", "2026-03-01"),
        ("Europe/Berlin", "2026-03-01T23:30:00Z", "2026-03-02"),
        ("Europe/Berlin", "2026-03-01T20:30:00-03:00", "2026-03-01"),
        (None, "2026-03-02T00:30:00+01:00", "2026-03-02"),
    ],
)
def test_a_session_has_the_date_of_the_athletes_clock(
    ada: Athlete, zone: str | None, started_at: str, date: str
) -> None:
    if zone:
        ada.done("profile.change", profile={"timezone": zone})

    body = ada.began(startedAt=started_at)

    assert (body["date"], body["startedAt"]) == (date, "2026-03-01T23:30:00.000Z")
    assert body["sessionId"].startswith(date.replace("-", ""))


def test_the_same_command_begins_one_session_and_another_one_begins_another(ada: Athlete) -> None:
    said = {"startedAt": START, "sets": [SQUAT]}
    first = ada.ask("session.create", command_id="c", session=said)
    ada.later()
    assert ada.ask("session.create", command_id="c", session=said) == first
    assert ada.ask("session.create", command_id="d", session=said).body != first.body
    assert len(ada.sessions()) == 2


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"type": "chess"}, "/type"),
        ({"startedAt": "1999-12-31T00:00:00Z"}, "/startedAt"),
        ({"startedAt": 5}, "/startedAt"),
        ({"sets": [{"exercise": "Squat", "reps": 2.5}]}, "/sets/0/reps"),
        ({"sets": [{"exercise": "Squat", "weightKg": 5000}]}, "/sets/0/weightKg"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_session_that_cannot_be_is_refused_with_the_field(
    ada: Athlete, said: dict[str, Any], pointer: str
) -> None:
    outcome = ada.ask("session.create", session={"startedAt": START, **said})

    assert outcome.status == 422
    assert [error["pointer"] for error in outcome.body["errors"]] == [pointer]
    assert outcome.body["correlationId"] == "of-command-1"
    assert ada.items() == []


def test_odd_sets_are_stored_with_what_is_odd(ada: Athlete) -> None:
    body = ada.began({"exercise": "Calf Raise", "weightKg": 400, "reps": 150}, SQUAT)
    assert body["sets"][0]["warnings"] == ["weightKg: more than 350 kg", "reps: more than 100"]
    assert body["sets"][1]["warnings"] == []


def test_pounds_are_converted_once_and_remembered(ada: Athlete) -> None:
    body = ada.began({"exercise": "Squat", "weight": 225, "weightUnit": "lb", "reps": 5})
    assert (body["sets"][0]["weightKg"], body["sets"][0]["weightUnit"]) == (102.058, "lb")


def test_sets_of_two_devices_at_the_same_moment_are_both_kept(ada: Athlete) -> None:
    session = ada.began(SQUAT)

    one = ada.ask("session.add_sets", sessionId=session["sessionId"], sets=[BENCH, BENCH])
    other = ada.ask("session.add_sets", sessionId=session["sessionId"], sets=[SQUAT])

    assert (one.status, other.status) == (201, 201)
    (item,) = ada.sessions()
    assert [each["exercise"] for each in item["sets"]] == ["Squat", "Bench Press", "Bench Press", "Squat"]
    assert session["version"] < one.body["version"] < other.body["version"] == item["version"]
    assert item["correlationId"] == "of-command-3"


def test_the_same_addition_again_adds_nothing_and_answers_the_same(ada: Athlete) -> None:
    session = ada.began()
    first = ada.ask("session.add_sets", command_id="c", sessionId=session["sessionId"], sets=[SQUAT])
    ada.later()
    assert ada.ask("session.add_sets", command_id="c", sessionId=session["sessionId"], sets=[SQUAT]) == first


def test_sets_that_a_caller_whose_clock_is_behind_adds_are_kept_too(ada: Athlete) -> None:
    session = ada.began()
    ada.now -= timedelta(days=1)
    body = ada.done("session.add_sets", sessionId=session["sessionId"], sets=[SQUAT])
    assert body["version"] == session["version"] + 1


def test_a_session_has_a_bounded_number_of_sets(ada: Athlete) -> None:
    session = ada.began(*[SQUAT] * (MOST_SETS - 1))
    outcome = ada.ask("session.add_sets", sessionId=session["sessionId"], sets=[SQUAT, SQUAT])
    assert (outcome.status, "at most 1000 sets" in outcome.body["detail"]) == (422, True)
    assert ada.ask("session.add_sets", sessionId=session["sessionId"], sets=[SQUAT]).status == 201
    assert len(ada.sessions()[0]["sets"]) == MOST_SETS


def test_a_session_that_outgrows_an_item_is_refused_and_stays_as_it_was(ada: Athlete) -> None:
    novel = {**SQUAT, "notes": "x" * 2000}
    session = ada.began(*[novel] * 150)
    before = ada.sessions()

    outcome = ada.ask("session.add_sets", sessionId=session["sessionId"], sets=[novel] * 60)
    assert (outcome.status, "too large" in outcome.body["detail"]) == (422, True)
    change = {"version": session["version"], "sets": [novel] * 210}
    assert ada.ask("session.change", sessionId=session["sessionId"], change=change).status == 422
    assert ada.sessions() == before
    assert ada.ask("session.create", session={"startedAt": START, "sets": [novel] * 210}).status == 422
    assert ada.sessions() == before


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("session.add_sets", {"sets": [SQUAT]}),
        ("session.complete", {"completion": {}}),
        ("session.change", {"change": {"version": 1}}),
        ("session.delete", {"version": 1}),
    ],
)
@pytest.mark.parametrize("session_id", ["20260301T173000-0123456789", "nonsense", "20261399T173000-1"])
def test_a_session_that_is_not_there_is_not_found(
    ada: Athlete, name: str, arguments: dict[str, Any], session_id: str
) -> None:
    assert ada.ask(name, sessionId=session_id, **arguments).status == 404
    assert ada.items() == []


def test_another_athletes_session_is_not_found(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    ada.user_id = "eve"
    delete = ada.ask("session.delete", sessionId=session["sessionId"], version=session["version"])
    assert delete.status == 404
    assert len(ada.sessions()) == 1


def test_completing_writes_the_workout_with_the_session(ada: Athlete) -> None:
    session = ada.began(SQUAT, {**BENCH, "setType": "warmup"}, SQUAT, title="Legs", notes="felt strong")

    body = ada.done(
        "session.complete",
        sessionId=session["sessionId"],
        completion={"durationMin": 55, "rpe": 8.5, "caloriesBurned": 400, "avgHeartRate": 120},
    )

    (item,) = ada.workouts()
    workout = workout_from_item(item)
    assert workout.answer() == {
        "userId": "ada",
        "workoutId": "20260301T173000000Z",
        "sessionId": session["sessionId"],
        "type": "strength",
        "startedAt": "2026-03-01T17:30:00.000Z",
        "durationMin": 55,
        "rpe": 8.5,
        "caloriesBurned": 400,
        "avgHeartRate": 120,
        "volumeKg": 1000,
        "notes": "Legs\nfelt strong",
        "intensity": "moderate",
        "source": "api",
        "version": workout.version,
        "createdAt": "2026-03-01T18:30:00.000Z",
        "warnings": [],
    }
    assert item["contentHash"] == content_hash(workout)
    assert item["correlationId"] == "of-command-2"
    assert (body["state"], body["workoutId"], body["durationMin"]) == ("completed", workout.workout_id, 55)
    (stored,) = ada.sessions()
    assert session_from_item(stored).answer() == body
    assert body["version"] > session["version"]


def test_a_session_took_from_its_start_until_now_unless_said(ada: Athlete) -> None:
    assert ada.completed(SQUAT)["durationMin"] == 60


@pytest.mark.parametrize("minutes", [-61, 24 * 60])
def test_where_it_cannot_be_known_how_long_it_took_that_is_asked(ada: Athlete, minutes: int) -> None:
    session = ada.began(SQUAT)
    ada.later(minutes)
    outcome = ada.ask("session.complete", sessionId=session["sessionId"], completion={})
    assert outcome.status == 422
    assert outcome.body["errors"][0]["pointer"] == "/durationMin"
    assert ada.workouts() == []


def test_a_session_without_sets_is_not_completed(ada: Athlete) -> None:
    session = ada.began()
    outcome = ada.ask("session.complete", sessionId=session["sessionId"], completion={})
    assert (outcome.status, outcome.body["errors"][0]["pointer"]) == (422, "/sets")


def test_completing_is_judged(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    completion = {"durationMin": 10, "caloriesBurned": 4000}
    outcome = ada.ask("session.complete", sessionId=session["sessionId"], completion=completion)
    assert (outcome.status, outcome.body["errors"][0]["pointer"]) == (422, "/caloriesBurned")

    body = ada.done("session.complete", sessionId=session["sessionId"], completion={"durationMin": 300})
    assert body["warnings"] == ["durationMin: unusual for a strength session"]
    assert workout_from_item(ada.workouts()[0]).warnings == tuple(body["warnings"])


def test_completing_twice_answers_the_same_and_with_other_content_conflicts(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    arguments = {"sessionId": session["sessionId"], "completion": {"rpe": 8}}
    first = ada.ask("session.complete", command_id="c", **arguments)
    stored = ada.items()
    ada.later()
    assert ada.ask("session.complete", command_id="c", **arguments) == first
    assert ada.ask("session.complete", **arguments) == first
    other = ada.ask("session.complete", sessionId=session["sessionId"], completion={"rpe": 9})
    assert (other.status, other.body["current"]) == (409, first.body)
    assert ada.items() == stored


def test_completing_what_has_another_version_conflicts(ada: Athlete) -> None:
    session = ada.began(SQUAT)
    ada.done("session.add_sets", sessionId=session["sessionId"], sets=[BENCH])
    completion = {"version": session["version"]}
    outcome = ada.ask("session.complete", sessionId=session["sessionId"], completion=completion)
    assert (outcome.status, len(outcome.body["current"]["sets"])) == (409, 2)


def test_nothing_is_added_to_a_completed_session(ada: Athlete) -> None:
    session = ada.completed(SQUAT)
    outcome = ada.ask("session.add_sets", sessionId=session["sessionId"], sets=[BENCH])
    assert (outcome.status, outcome.body["current"]) == (409, session)


def test_sessions_that_start_together_have_workouts_a_millisecond_apart(ada: Athlete) -> None:
    one, other = ada.completed(SQUAT), ada.completed(BENCH)
    assert (one["workoutId"], other["workoutId"]) == ("20260301T173000000Z", "20260301T173000001Z")
    assert [item["sessionId"] for item in ada.workouts()] == [one["sessionId"], other["sessionId"]]
