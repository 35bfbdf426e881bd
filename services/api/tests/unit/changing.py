"""One athlete's workout and session as workers answers with them, and the athlete's calls for changes."""

from __future__ import annotations

from typing import Any

from tests.unit.calls import ATHLETE, Answer, event, send

WORKOUT_ID, SESSION_ID = "20260301T173000000Z", "20260301T183000-1a2b3c4d5e"
WORKOUT: dict[str, Any] = {
    "type": "run",
    "startedAt": "2026-03-01T17:30:00.000Z",
    "durationMin": 45,
    "userId": ATHLETE,
    "workoutId": WORKOUT_ID,
    "version": 8,
}
SQUAT = {"exercise": "Squat", "weightKg": 100, "reps": 5, "setType": "normal"}
STORED = SQUAT | {"warnings": []}
SESSION: dict[str, Any] = {
    "userId": ATHLETE,
    "sessionId": SESSION_ID,
    "date": "2026-03-01",
    "type": "strength",
    "startedAt": "2026-03-01T17:30:00.000Z",
    "state": "open",
    "version": 7,
    "source": "api",
    "createdAt": "2026-03-01T17:30:05.000Z",
    "sets": [STORED],
    "warnings": [],
}


def call(method: str, path: str, body: object = None, *, raw: str | None = None, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return send("change", event(method, path, body, raw=raw, athlete=ATHLETE, headers=sent))
