"""An athlete's own export: everything is in it, and another account takes it as it was."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import strava_sample
import strong_sample
from waiting import eventually

from stage_client import Athlete, Stage
from stage_client.answers import send

SETTINGS = {"weightUnit": "kg", "distanceUnit": "km", "timezone": "Europe/Berlin"}
# What an import gives, whatever the file says; and the load, which only sessions that were logged have.
ANEW = {"userId", "importId", "version", "createdAt", "load"}
NOTES = 'said "hard",\r\nthen =1+1; 50 °C – 很好'


def got(athlete: Athlete, path: str) -> Any:
    answer = athlete.call("GET", path)
    assert answer.status == 200, answer.text
    return answer.json()


def listed(athlete: Athlete, what: str) -> list[dict[str, Any]]:
    """Every entry of a list, page by page."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = got(athlete, f"/me/{what}?limit=100{token}")
        found += page[what]
        if "nextToken" not in page:
            return found
        token = f"&nextToken={page['nextToken']}"


def everything(athlete: Athlete) -> dict[str, Any]:
    """What the athlete has, without what belongs to the account."""
    workouts = listed(athlete, "workouts")
    sessions = [got(athlete, f"/me/sessions/{each['sessionId']}") for each in listed(athlete, "sessions")]
    return {
        name: [{field: value for field, value in each.items() if field not in ANEW} for each in entries]
        for name, entries in (("workouts", workouts), ("sessions", sessions))
    }


def strong(workouts: int) -> bytes:
    out = io.StringIO(newline="")
    strong_sample.write(workouts, out)
    return out.getvalue().encode()


def strava(activities: int) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([strava_sample.HEADER, *strava_sample.activities(activities)])
    return out.getvalue().encode()


@pytest.fixture(scope="module")
def athlete(stage: Stage) -> Athlete:
    """Somebody with histories of two apps, a workout and a session of their own, and another under way."""
    somebody = stage.athlete()
    for content in (strong(12), strava(40)):
        state = somebody.import_file(content, SETTINGS).ended()
        assert state["state"] == "done", state
    run = {"type": "run", "startedAt": "2026-05-01T06:00:00.123Z", "durationMin": 45.5, "notes": NOTES}
    assert somebody.call("POST", "/me/workouts", run | {"intensity": "high", "rpe": 7.5}).status == 202
    sets = [
        {"exercise": "+Pull Up (Assisted)", "weight": 44, "weightUnit": "lb", "reps": 8, "notes": NOTES},
        {"exercise": "Plank", "setType": "failure", "durationS": 90.5, "superset": "A"},
    ]
    for day, completed in (("2026-05-02", True), ("2026-05-03", False)):
        begun = {"startedAt": f"{day}T18:00:00+02:00", "title": "-Pull-", "notes": NOTES, "sets": sets}
        session = somebody.call("POST", "/me/sessions", begun).json()["sessionId"]
        if completed:
            done = somebody.call("POST", f"/me/sessions/{session}/complete", {"durationMin": 50, "rpe": 8})
            assert done.status == 200, done.text
    eventually(
        lambda: [each["startedAt"] for each in listed(somebody, "workouts")],
        lambda starts: "2026-05-01T06:00:00.123Z" in starts,
        "the accepted workout",
    )
    return somebody


@pytest.mark.parametrize(("form", "content_type"), [("csv", "text/csv"), ("json", "application/json")])
def test_another_account_takes_an_export_as_it_was(
    stage: Stage, athlete: Athlete, form: str, content_type: str
) -> None:
    before = everything(athlete)
    exported = athlete.call("GET", f"/me/export?format={form}")
    assert (exported.status, exported.headers["content-type"].partition(";")[0]) == (200, content_type)

    other = stage.athlete()
    state = other.import_file(exported.text.encode(), content_type=content_type).ended()

    assert (state["state"], state["counts"]["setAside"]) == ("done", 0), state
    assert everything(other) == before
    again = other.import_file(exported.text.encode(), content_type=content_type).ended()
    assert (again["counts"]["new"], again["counts"]["changed"]) == (0, 0), again
    assert everything(other) == before


def test_an_export_holds_no_formula_and_nothing_of_anybody_else(stage: Stage, athlete: Athlete) -> None:
    text = athlete.call("GET", "/me/export").text

    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    stranger = stage.athlete().call("GET", "/me/export?format=json")
    assert json.loads(stranger.text)["items"] == []


def test_a_large_export_lies_behind_a_link(stage: Stage) -> None:
    somebody = stage.athlete()
    rows = [
        f"run,2026-01-{day:02d}T{hour:02d}:{minute:02d}:00Z,1,{'n' * 2000}"
        for day in range(1, 29)
        for hour in range(24)
        for minute in range(0, 60, 15)
    ]
    content = "\n".join(["type,startedAt,durationMin,notes", *rows]).encode()
    state = somebody.import_file(content).ended()
    assert state["counts"]["new"] == len(rows), state

    answer = somebody.call("GET", "/me/export")

    assert (answer.status, answer.json()["url"]) == (303, answer.headers["location"])
    found = send("GET", answer.headers["location"], None, {})
    assert found.status == 200, found.text[:500]
    assert len(list(csv.DictReader(io.StringIO(found.text, newline="")))) == len(rows)
    assert send("GET", answer.headers["location"].replace("exports/", "exports/x"), None, {}).status == 403
