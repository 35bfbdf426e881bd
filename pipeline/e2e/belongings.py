"""An athlete who has something of every kind, each piece with a mark that nobody else's data has."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from waiting import eventually

from stage_client import Answer, Athlete, Stage, upload

PICTURE = b"\x89PNG"
# What comes of it: what is compared before and after must not change by itself.
SETTLED: dict[str, Any] = {
    "workouts": 5,
    "sessions": 3,
    "records": [
        ("best_e1rm", 93.333, 96.25),
        ("biggest_volume", 400, 412.5),
        ("fastest_pace", 298.287),
        ("heaviest_weight", 80, 82.5),
        ("longest_distance", 12345.5),
        ("longest_duration", 50),
        ("longest_duration", 61.375),
        ("most_reps", 5),
        ("most_reps", 5),
    ],
}
STARTS = ("2026-03-01T06:00:00Z", "2026-03-02T06:00:00Z")


@dataclass(frozen=True)
class Belongings:
    """What `athlete` has: `ids` by the name of the path parameter, `marks` that nobody else may read.

    No mark is of hexadecimal digits alone: at times a random id in an answer to others would contain it.
    """

    athlete: Athlete
    ids: dict[str, str]
    photo_key: str
    page_tokens: dict[str, str]
    marks: tuple[str, ...]


def acquire(stage: Stage) -> Belongings:
    """A new athlete with workouts, photo, sessions, records, imports with rows set aside, and a profile."""
    athlete, mark = stage.athlete(), f"mark{secrets.token_hex(8)}"
    photo = _ok(athlete.call("POST", "/me/uploads", {"contentType": "image/png"}))
    upload(photo, PICTURE, "image/png")
    for start in STARTS:
        run = {"type": "run", "startedAt": start, "durationMin": 61.375, "distanceM": 12345.5, "notes": mark}
        _ok(athlete.call("POST", "/me/workouts", {**run, "photoKey": photo["photoKey"]}))
    open_session = _session(athlete, "2026-03-03T17:30:00+01:00", mark)
    ended = _session(athlete, "2026-03-04T17:30:00+01:00", mark)
    _ok(athlete.call("POST", f"/me/sessions/{ended}/complete", {"durationMin": 50, "notes": mark}))
    imports = [athlete.import_file(_fitnotes(mark), {"weightUnit": "kg", "timezone": "UTC"}) for _ in "ab"]
    for each in imports:
        assert each.ended()["state"] == "done", each.state()
    _ok(athlete.call("PATCH", "/me/profile", {"timezone": "Pacific/Chatham", "restingHeartRate": 37}))
    eventually(lambda: _derived(athlete), lambda found: found == SETTLED, "what follows from it")
    return Belongings(
        athlete,
        {"workoutId": "20260301T060000000Z", "sessionId": open_session, "importId": imports[0].import_id},
        photo["photoKey"],
        _page_tokens(athlete, imports[0].import_id),
        (mark, athlete.user_id, "Pacific/Chatham", "61.375", "12345.5"),
    )


def _derived(athlete: Athlete) -> dict[str, Any]:
    """How far what is derived has come."""
    totals = _ok(athlete.call("GET", "/me/stats"))
    recent = _ok(athlete.call("GET", "/me/sessions/recent"))["sessions"]
    records = _ok(athlete.call("GET", "/me/records?limit=100"))["records"]
    return {
        "workouts": totals["total"]["workouts"],
        "sessions": len(recent),
        "records": sorted((each["kind"], *(best["value"] for best in each["history"])) for each in records),
    }


def _session(athlete: Athlete, start: str, mark: str) -> str:
    sets = [{"exercise": mark, "weightKg": 82.5, "reps": 5}]
    begun = _ok(athlete.call("POST", "/me/sessions", {"startedAt": start, "title": mark, "sets": sets}))
    return str(begun["sessionId"])


def _fitnotes(mark: str) -> bytes:
    """A history with two rows to take and two that cannot be taken."""
    head = "Date,Exercise,Category,Weight (kgs),Reps,Distance,Distance Unit,Time,Comment"
    good = [f"2026-02-0{day},{mark},Legs,80.0,5,,,,{mark}" for day in (1, 2)]
    bad = [f"2026-02-0{day},{mark},Legs,heavy,5,,,,{mark}" for day in (3, 4)]
    return "\n".join([head, *good, *bad, ""]).encode()


def _page_tokens(athlete: Athlete, import_id: str) -> dict[str, str]:
    """The token of the second page of each list, by the route's path."""
    paths = ("/me/workouts", "/me/sessions", "/me/records", "/me/imports", f"/me/imports/{import_id}/rows")
    pages = {path: _ok(athlete.call("GET", f"{path}?limit=1")) for path in paths}
    return {path.replace(import_id, "{importId}"): page["nextToken"] for path, page in pages.items()}


def _ok(answer: Answer) -> Any:
    assert answer.status in {200, 201, 202}, answer.text
    return answer.json() if answer.text else None
