"""Changes as deployed: made by another service's function, which only this one may ask; uploads by form."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urljoin

import pytest

from stage_client import Athlete, Stage
from stage_client.answers import Answer, StageError
from stage_client.imports import upload

SQUAT: dict[str, Any] = {"exercise": "Squat", "weightKg": 100, "reps": 5}
Wait = Callable[[Callable[[], Answer], int], Answer]


@pytest.fixture
def lifter(stage: Stage) -> Athlete:
    """An athlete without a history."""
    return stage.athlete()


def test_a_session_is_begun_filled_ended_changed_and_deleted(stage: Stage, lifter: Athlete) -> None:
    begun = lifter.call("POST", "/me/sessions", {"startedAt": "2026-03-01T00:30:00+01:00", "sets": [SQUAT]})
    assert begun.status == 201, begun.text
    place = urljoin(f"{stage.api_url}/me/sessions", begun.headers["location"]).removeprefix(stage.api_url)
    assert begun.json()["date"] == "2026-03-01", "the athlete's own date, not that of UTC"

    added = lifter.call("POST", f"{place}/sets", {"sets": [SQUAT | {"weightKg": 110}]})
    done = lifter.call("POST", f"{place}/complete", {"durationMin": 50, "rpe": 8})
    assert (added.status, done.status, done.json()["volumeKg"]) == (200, 200, 1050), done.text
    assert lifter.call("POST", f"{place}/complete", {"durationMin": 50, "rpe": 8}).json() == done.json()

    read = lifter.call("GET", place)
    assert (read.json(), read.headers["etag"]) == (done.json(), f'"{done.json()["version"]}"')
    assert [each["weightKg"] for each in lifter.call("GET", f"{place}/sets").json()["sets"]] == [100, 110]
    (line,) = lifter.call("GET", "/me/sessions?from=2026-03-01&to=2026-03-01").json()["sessions"]
    assert (line["sessionId"], line["setCount"]) == (read.json()["sessionId"], 2)
    workout = lifter.call("GET", f"/me/workouts/{done.json()['workoutId']}").json()
    assert (workout["sessionId"], workout["volumeKg"]) == (read.json()["sessionId"], 1050)

    named = lifter.call("PATCH", place, {"title": "Legs"}, {"if-match": read.headers["etag"]})
    assert (named.status, named.json()["title"]) == (200, "Legs"), named.text
    stale = lifter.call("PATCH", place, {"title": "Arms"}, {"if-match": read.headers["etag"]})
    assert (stale.status, stale.json()["current"]["title"]) == (409, "Legs")

    assert lifter.call("DELETE", place, headers={"if-match": named.headers["etag"]}).status == 204
    assert lifter.call("GET", place).status == 404
    assert lifter.call("GET", f"/me/workouts/{workout['workoutId']}").status == 404


def test_sets_under_one_key_are_added_once(lifter: Athlete) -> None:
    begun = lifter.call("POST", "/me/sessions", {"startedAt": "2026-03-01T18:30:00Z"}).json()
    place = f"/me/sessions/{begun['sessionId']}"

    answers = [
        lifter.call("POST", f"{place}/sets", {"sets": [SQUAT]}, {"idempotency-key": "sets-1"})
        for _ in range(2)
    ]

    assert answers[0].json() == answers[1].json()
    assert len(lifter.call("GET", f"{place}/sets").json()["sets"]) == 1


def test_sets_whose_addition_failed_are_added_under_the_same_key(
    lifter: Athlete, forbidden: Callable[[str, str], AbstractContextManager[None]]
) -> None:
    begun = lifter.call("POST", "/me/sessions", {"startedAt": "2026-03-01T18:30:00Z"}).json()
    place = f"/me/sessions/{begun['sessionId']}/sets"
    key = {"idempotency-key": "sets-1"}

    with forbidden("ChangeRole", "lambda:InvokeFunction"):
        assert lifter.call("POST", place, {"sets": [SQUAT]}, key).status >= 500
    assert lifter.call("POST", place, {"sets": [SQUAT]}, key).status == 200
    assert len(lifter.call("GET", place).json()["sets"]) == 1


def test_a_workout_is_changed_and_deleted_under_its_version(lifter: Athlete, eventually: Wait) -> None:
    run = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45.5, "notes": "windy"}
    assert lifter.call("POST", "/me/workouts", run).status == 202
    place = "/me/workouts/20260301T173000000Z"
    version = eventually(lambda: lifter.call("GET", place), 200).json()["version"]

    changed = lifter.call("PATCH", place, {"version": version, "distanceM": 9000, "notes": None})
    assert changed.status == 200, changed.text
    assert (changed.json()["distanceM"], "notes" in changed.json()) == (9000, False)
    stale = lifter.call("DELETE", f"{place}?version={version}")
    assert (stale.status, stale.json()["current"]) == (409, changed.json())
    assert lifter.call("DELETE", f"{place}?version={changed.json()['version']}").status == 204
    assert lifter.call("GET", place).status == 404


def test_a_profile_is_said_and_taken_back(lifter: Athlete) -> None:
    assert lifter.call("GET", "/me/profile").json().keys() <= {"version"}
    said = lifter.call("PATCH", "/me/profile", {"timezone": "Europe/Berlin", "sex": "female"}).json()
    assert lifter.call("GET", "/me/profile").json() == said

    lifter.call("PATCH", "/me/profile", {"sex": None})

    left = lifter.call("GET", "/me/profile").json()
    assert (left["timezone"], "sex" in left) == ("Europe/Berlin", False)


def changed(form: dict[str, Any], **fields: str) -> dict[str, Any]:
    """`form` with other fields than were signed."""
    return {
        **form,
        "fields": {**form["fields"], **{name.replace("_", "-"): each for name, each in fields.items()}},
    }


def test_a_form_takes_what_it_was_signed_for_and_nothing_else(lifter: Athlete) -> None:
    asked = lifter.call("POST", "/me/imports", {"importId": "mine"}).json()
    form = asked["upload"]
    others = changed(form, key="uploads/somebody-else/mine.csv")

    for refused, content, kind in (
        (others, b"type\n", "text/csv"),
        (changed(form, Content_Type="image/png"), b"type\n", "image/png"),
        (form, b"", "text/csv"),
    ):
        with pytest.raises(StageError, match=r"upload was refused with 40[03]"):
            upload(refused, content, kind)

    assert lifter.call("GET", "/me/imports/mine").json()["state"] == "waiting"
    upload(changed(form, Content_Type="text/plain"), b"type,startedAt,durationMin\n", "text/plain")
    assert lifter.call("POST", "/me/imports", {"importId": "mine"}).status == 409


def test_a_photo_is_uploaded_and_shown_with_its_workout(lifter: Athlete, eventually: Wait) -> None:
    photo = lifter.call("POST", "/me/uploads", {"contentType": "image/png"}).json()
    upload(photo, b"\x89PNG", "image/png")
    with pytest.raises(StageError, match="upload was refused with 400"):
        upload(photo, b"x" * (10 * 1024 * 1024 + 1), "image/png")

    run = {
        "type": "run",
        "startedAt": "2026-03-02T17:30:00Z",
        "durationMin": 45,
        "photoKey": photo["photoKey"],
    }
    assert lifter.call("POST", "/me/workouts", run).status == 202
    found = eventually(lambda: lifter.call("GET", "/me/workouts/20260302T173000000Z"), 200)
    assert found.json()["photoKey"] == photo["photoKey"]


def test_an_import_is_listed_and_nobody_elses(stage: Stage, lifter: Athlete) -> None:
    for name in ("first", "second"):
        assert lifter.call("POST", "/me/imports", {"importId": name, "weightUnit": "lb"}).status == 201

    listed = lifter.call("GET", "/me/imports").json()["imports"]

    assert [each["importId"] for each in listed] == ["second", "first"]
    assert listed[0]["weightUnit"] == "lb"
    stranger = stage.athlete()
    for method, path in (("GET", ""), ("GET", "/rows"), ("DELETE", "")):
        assert stranger.call(method, f"/me/imports/first{path}").status == 404
