"""An athlete's training as they meet it: strength history, records, load, live sessions, taking back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import strong_sample
from waiting import depth, eventually

from stage_client import Athlete, Stage, TopicListener

SETTINGS = {"weightUnit": "kg", "distanceUnit": "km", "timezone": "Europe/Berlin"}
WORKOUTS = 18
SETS = [{"exercise": "Squat", "weightKg": 82.5, "reps": 5}]


@pytest.fixture(scope="module")
def records_topic(stage: Stage) -> Iterator[TopicListener]:
    listener = TopicListener(stage.outputs("workers")["RecordsTopicArn"])
    yield listener
    listener.close()


@pytest.fixture
def athlete(stage: Stage) -> Athlete:
    return stage.athlete()


def strong(workouts: int = WORKOUTS) -> bytes:
    out = io.StringIO(newline="")
    strong_sample.write(workouts, out)
    return out.getvalue().encode()


def rows(workouts: int = WORKOUTS) -> int:
    return len(list(strong_sample.rows(workouts)))


def got(athlete: Athlete, path: str) -> Any:
    answer = athlete.call("GET", path)
    assert answer.status == 200, answer.text
    return answer.json()


def everything(athlete: Athlete) -> dict[str, Any]:
    """What the athlete has, but for versions."""
    workouts = got(athlete, "/me/workouts?limit=100")["workouts"]
    sessions = [
        got(athlete, f"/me/sessions/{each['sessionId']}")
        for each in got(athlete, "/me/sessions?limit=100")["sessions"]
    ]
    records = got(athlete, "/me/records")["records"]
    for each in (*workouts, *sessions, *records):
        each.pop("version", None)
        each.pop("load", None)  # which comes when it comes
    return {"workouts": workouts, "sessions": sessions, "records": sorted(records, key=str)}


def test_a_file_that_does_not_say_its_unit_is_refused_with_the_question(athlete: Athlete) -> None:
    state = athlete.import_file(strong(), {"timezone": "Europe/Berlin"}).ended()

    assert state["state"] == "refused"
    assert "weightUnit" in state["questions"]
    assert "weightUnit" in state["message"]
    assert everything(athlete) == {"workouts": [], "sessions": [], "records": []}


def test_a_strength_history_becomes_sessions_records_and_load(athlete: Athlete) -> None:
    first = athlete.import_file(strong(12), SETTINGS).ended()
    assert first["state"] == "done", first
    assert (first["counts"]["rows"], first["counts"]["new"]) == (rows(12), rows(12))

    more = athlete.import_file(strong(), SETTINGS).ended()
    assert more["counts"]["known"] == rows(12)
    assert more["counts"]["new"] == rows() - rows(12)

    found = everything(athlete)
    assert len(found["sessions"]) == len(found["workouts"]) == WORKOUTS
    assert sum(len(each["sets"]) for each in found["sessions"]) == rows()
    volumes = {each["workoutId"]: each["volumeKg"] for each in found["sessions"]}
    assert {each["workoutId"]: each["volumeKg"] for each in found["workouts"]} == volumes
    heaviest = {each["label"]: each for each in found["records"] if each["kind"] == "heaviest_weight"}
    squats = [
        each["weightKg"]
        for session in found["sessions"]
        for each in session["sets"]
        if each["exercise"] == "Squat (Barbell)" and each["setType"] != "warmup"
    ]
    assert heaviest["Squat (Barbell)"]["value"] == max(squats)
    last = found["workouts"][0]["startedAt"][:10]
    load = got(athlete, f"/me/load?from=2024-01-01&to={last}")
    assert load["metric"] in {"session_rpe", "volume"}
    by_day = {day["date"]: day["volumeKg"] or 0 for day in load["days"]}
    assert sum(by_day.values()) == pytest.approx(sum(volumes.values()))


def test_an_import_is_taken_back_to_what_was_there_before(athlete: Athlete) -> None:
    athlete.import_file(strong(9), SETTINGS).ended()
    before = everything(athlete)

    later = athlete.import_file(strong(), SETTINGS)
    later.ended()
    assert everything(athlete) != before
    later.take_back()
    eventually(lambda: later.state()["state"], lambda state: state == "undone", "the undo")

    assert everything(athlete) == before
    eventually(
        lambda: got(athlete, "/me/stats")["total"]["workouts"],
        lambda count: count == 9,
        "totals after the undo",
    )


def test_pounds_and_kilograms_of_one_history_are_the_same_kilograms(stage: Stage) -> None:
    head = (
        '"title","start_time","end_time","exercise_title","set_index","set_type","weight_{}","reps","rpe"\n'
    )
    line = '"Legs","7 Apr 2026, 10:14","7 Apr 2026, 11:14","Squat (Barbell)",0,"normal",{},5,9.5\n'
    weights = []
    for unit, weight in (("kg", "100"), ("lbs", "220.462262185")):
        athlete = stage.athlete()
        content = (head.format(unit) + line.format(weight)).encode()
        state = athlete.import_file(content, {"timezone": "Europe/Berlin"}).ended()
        assert state["counts"]["new"] == 1, state
        (session,) = everything(athlete)["sessions"]
        weights.append(session["sets"][0]["weightKg"])

    assert weights == [100, 100]


def test_a_live_session_notifies_its_record_once_and_an_import_never_does(
    athlete: Athlete, records_topic: TopicListener
) -> None:
    athlete.import_file(strong(9), SETTINGS).ended()
    begun = {"startedAt": datetime.now(UTC).isoformat(), "title": "Legs"}
    session = athlete.call("POST", "/me/sessions", begun).json()["sessionId"]
    sets = {"sets": [{"exercise": "Squat (Barbell)", "weightKg": 300, "reps": 3, "rpe": 9.5}]}
    key = {"Idempotency-Key": "the-same-sets"}
    for _ in range(2):
        answer = athlete.call("POST", f"/me/sessions/{session}/sets", sets, key)
        assert answer.status == 200, answer.text
    done = athlete.call("POST", f"/me/sessions/{session}/complete", {"durationMin": 50, "rpe": 8})
    assert (done.status, done.json()["volumeKg"]) == (200, 900), done.text

    def heard() -> list[dict[str, Any]]:
        return [each for each in records_topic.messages() if each["userId"] == athlete.user_id]

    eventually(
        heard, lambda found: any(each["kind"] == "heaviest_weight" for each in found), "the notification"
    )
    told = [(each["kind"], each["subject"], each.get("sessionId")) for each in heard()]
    assert len(told) == len(set(told))
    assert {session_id for kind, _, session_id in told if kind == "heaviest_weight"} == {session}


def test_a_record_falls_back_when_its_session_is_deleted(athlete: Athlete) -> None:
    athlete.import_file(strong(9), SETTINGS).ended()

    def heaviest() -> float:
        records = got(athlete, "/me/records")["records"]
        (found,) = [
            each["value"]
            for each in records
            if each["kind"] == "heaviest_weight" and each["label"] == "Squat (Barbell)"
        ]
        return float(found)

    before = heaviest()
    begun = {
        "startedAt": "2026-05-01T10:00:00+02:00",
        "sets": [{"exercise": "Squat (Barbell)", "weight": 600, "weightUnit": "lb", "reps": 1}],
    }
    session = athlete.call("POST", "/me/sessions", begun).json()["sessionId"]
    done = athlete.call("POST", f"/me/sessions/{session}/complete", {"durationMin": 50}).json()
    eventually(heaviest, lambda value: value == 272.155, "the record")

    stale = athlete.call("DELETE", f"/me/sessions/{session}?version=1")
    assert (stale.status, stale.json()["current"]["version"]) == (409, done["version"])
    gone = athlete.call("DELETE", f"/me/sessions/{session}?version={done['version']}")
    assert gone.status == 204, gone.text

    eventually(heaviest, lambda value: value == before, "the record before it")
    assert athlete.call("GET", f"/me/workouts/{done['workoutId']}").status == 404


def test_nobody_sees_the_training_of_another(stage: Stage, athlete: Athlete) -> None:
    brought = athlete.import_file(strong(3), SETTINGS)
    brought.ended()
    session = got(athlete, "/me/sessions")["sessions"][0]["sessionId"]
    workout = got(athlete, "/me/workouts")["workouts"][0]["workoutId"]
    stranger = stage.athlete()

    for method, path in (
        ("GET", f"/me/sessions/{session}"),
        ("GET", f"/me/sessions/{session}/sets"),
        ("DELETE", f"/me/sessions/{session}?version=1"),
        ("GET", f"/me/workouts/{workout}"),
        ("DELETE", f"/me/workouts/{workout}?version=1"),
        ("GET", brought.path),
        ("GET", f"{brought.path}/rows"),
        ("DELETE", brought.path),
    ):
        assert stranger.call(method, path).status == 404, (method, path)
    assert depth(stage.outputs("workers")["ImportDeadLetterQueueUrl"]) == 0


def test_the_newest_ten_sessions_are_ready_for_their_athlete_alone(stage: Stage, athlete: Athlete) -> None:
    for day in (3, 9, 1, 12, 7, 5, 11, 2, 10, 4, 8, 6):
        said = {"startedAt": f"2026-03-{day:02}T17:30:00+01:00", "title": f"Day {day}", "sets": SETS}
        begun = athlete.call("POST", "/me/sessions", said).json()
        ended = athlete.call("POST", f"/me/sessions/{begun['sessionId']}/complete", {"durationMin": 45})
        assert ended.status == 200, ended.text
    athlete.call("POST", "/me/sessions", {"startedAt": "2026-03-13T17:30:00+01:00", "title": "still open"})

    def titles() -> list[str]:
        return [each["title"] for each in got(athlete, "/me/sessions/recent")["sessions"]]

    newest = [f"Day {day}" for day in range(12, 2, -1)]
    eventually(titles, lambda found: found == newest, "the newest ten")
    (last, *_) = got(athlete, "/me/sessions/recent")["sessions"]
    assert athlete.call("DELETE", f"/me/sessions/{last['sessionId']}?version={last['version']}").status == 204
    eventually(titles, lambda found: found == [*newest[1:], "Day 2"], "the eleventh in its place")
    assert got(stage.athlete(), "/me/sessions/recent") == {"sessions": []}
