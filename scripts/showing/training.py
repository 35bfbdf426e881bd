"""What training comes to: totals, newest workouts, records, load, and a session that breaks a record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.table import Table

from showing.talk import DemoError, console, expect, wait_for
from stage_client import Athlete, TopicListener

SHOWN = 5
WEEKS = 12
_BARS = "▁▂▃▄▅▆▇█"


def totals(athlete: Athlete, workouts: int) -> None:
    """The athlete's totals, once every workout is counted."""

    def counted() -> dict[str, Any] | None:
        found: dict[str, Any] = athlete.call("GET", "/me/stats").json()
        return found if found["total"]["workouts"] >= workouts else None

    stats = wait_for(f"totals over {workouts} workouts", counted)
    if stats["total"]["workouts"] != workouts:
        raise DemoError(f"{workouts} workouts were stored, {stats['total']['workouts']} counted")
    table = Table("", "workouts", "hours", "kcal", "km", title="GET /me/stats")
    for name, total in [("all", stats["total"]), *sorted(stats["byType"].items())]:
        figures = (total["workouts"], total["minutes"] / 60, total["calories"], total["distanceM"] / 1000)
        table.add_row(name, *(f"{figure:,.0f}" for figure in figures))
    console.print(table)


def newest(athlete: Athlete) -> None:
    """The newest stored workouts."""
    page = expect(athlete.call("GET", f"/me/workouts?limit={SHOWN}"), 200).json()
    table = Table("started", "type", "min", "km", "kg", "source", title=f"GET /me/workouts?limit={SHOWN}")
    for each in page["workouts"]:
        km = f"{each['distanceM'] / 1000:.1f}" if "distanceM" in each else ""
        kg = f"{each['volumeKg']:,.0f}" if "volumeKg" in each else ""
        minutes = f"{each['durationMin']:.0f}" if "durationMin" in each else ""
        table.add_row(each["startedAt"], each["type"], minutes, km, kg, each["source"])
    console.print(table)


def records(athlete: Athlete) -> None:
    """The records that stand, newest first."""
    found = expect(athlete.call("GET", "/me/records"), 200).json()["records"]
    broken = [each for each in found if len(each["history"]) > 1]
    table = Table(
        "record",
        "of",
        "value",
        "since",
        "broken",
        title=f"GET /me/records: {len(broken)} records, {len(found) - len(broken)} first values; the newest",
    )
    for each in sorted(broken, key=lambda each: each["startedAt"], reverse=True)[: 2 * SHOWN]:
        table.add_row(
            each["kind"].replace("_", " "),
            each["label"],
            f"{each['value']:,g} {each['unit']}",
            each["startedAt"][:10],
            "once" if len(each["history"]) == 2 else f"{len(each['history']) - 1} times",
        )
    console.print(table)


def load(athlete: Athlete, last_day: date) -> None:
    """The load curve of the weeks before `last_day`."""
    first_day = last_day - timedelta(weeks=WEEKS)
    found = expect(athlete.call("GET", f"/me/load?from={first_day}&to={last_day}"), 200).json()
    days = found["days"]
    console.print(f"GET /me/load, {found['metric']} in {found['unit']}, {first_day} to {last_day}")
    if not any(day["load"] for day in days):
        console.print("  none of these workouts says how hard it was (RPE, heart rate or weights): no load")
        return
    for name in ("load", "fitness", "fatigue"):
        values = [day[name] or 0 for day in days]
        console.print(f"  {name:<8} {curve(values)}  up to {max(values, default=0):,.0f}")
    table = Table("day", "load", "fitness", "fatigue", "form", "monotony", "strain", "acute:chronic")
    for day in days[-1 : -4 * 7 : -7]:
        cells = (
            day[name] for name in ("load", "fitness", "fatigue", "form", "monotony", "strain", "acuteChronic")
        )
        table.add_row(day["date"], *("" if cell is None else f"{cell:,.1f}" for cell in cells))
    console.print(table)


def curve(values: list[float]) -> str:
    """`values` as a line of bars, the highest one full."""
    top = max(values, default=0) or 1
    return "".join(_BARS[round(max(value, 0) / top * (len(_BARS) - 1))] for value in values)


def break_a_record(athlete: Athlete, topic_arn: str) -> None:
    """Log a session set by set whose last set is a record, and hear of it."""
    heard = TopicListener(topic_arn)
    try:
        begun = {"startedAt": datetime.now(UTC).isoformat(timespec="seconds"), "title": "Push, live"}
        session = expect(athlete.call("POST", "/me/sessions", begun), 201).json()["sessionId"]
        exercise = "Bench Press (Barbell)"
        sets = [{"exercise": exercise, "weightKg": 60, "reps": 8, "setType": "warmup"}]
        sets += [
            {"exercise": exercise, "weight": 330, "weightUnit": "lb", "reps": reps, "rpe": 9.5}
            for reps in (3, 2)
        ]
        expect(athlete.call("POST", f"/me/sessions/{session}/sets", {"sets": sets}), 200)
        done = expect(
            athlete.call("POST", f"/me/sessions/{session}/complete", {"durationMin": 55, "rpe": 8}), 200
        )
        console.print(
            f"session {session}: 3 sets, {done.json()['volumeKg']:,g} kg, workout {done.json()['workoutId']}"
        )
        found = wait_for(
            "the record's notification",
            lambda: [each for each in heard.messages() if each["kind"] == "heaviest_weight"],
        )
        console.print(f"notified at once: “{found[0]['message']}”")
    finally:
        heard.close()
