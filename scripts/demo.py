"""Play the main scenario on a deployed stage and show what happened.

An athlete signs up; a machine and the athlete log workouts; a history from another app is imported, twice;
its notification, totals and stored items are shown; what must be refused is refused. Credentials, region and
endpoint come from the environment, so the same scenario plays on the local cloud and on AWS.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from strava_sample import write

from stage_client import Answer, Athlete, Stage, StageError, TopicListener

SAMPLE_ROWS = 1200
PATIENCE_S = 120.0
SHOWN = 5
BY_HAND = (
    {
        "type": "run",
        "startedAt": "2026-03-01T17:30:00+01:00",
        "durationMin": 45.5,
        "caloriesBurned": 520,
        "rpe": 6.5,
    },
    {"type": "strength", "startedAt": "2026-03-02T07:00:00Z", "durationMin": 60, "intensity": "high"},
)

# No markup: files, their names and what is said of them may hold [brackets].
console = Console(highlight=False, soft_wrap=True, markup=False)


class DemoError(Exception):
    """The scenario did not go as it must."""


def step(text: str) -> None:
    """Announce what comes next."""
    console.print(f"\n{text}", style="bold")


def expect(answer: Answer, status: int) -> Answer:
    """`answer`, where its status is the one that must come; DemoError otherwise."""
    if answer.status != status:
        raise DemoError(f"expected {status}, got {answer.status}: {answer.text}")
    return answer


def wait_for(what: str, look: Callable[[], Any]) -> Any:
    """What `look` finds, asked again until it is true; DemoError when patience ends."""
    end = time.monotonic() + PATIENCE_S
    with console.status(f"waiting for {what}"):
        while not (found := look()):
            if time.monotonic() > end:
                raise DemoError(f"{what} did not come within {PATIENCE_S:.0f} s")
            time.sleep(0.05)
    return found


def log_by_hand(stage: Stage, athlete: Athlete) -> None:
    """One workout by a machine's signed call, one by the athlete, and a repetition that changes nothing."""
    role = stage.outputs("auth")["MachineClientRoleArn"]
    by_machine, by_athlete = BY_HAND
    body = {**by_machine, "userId": athlete.user_id}
    calls = {
        "POST /workouts     signed  ": stage.signed("POST", "/workouts", body, role_arn=role),
        "POST /workouts     repeated": stage.signed("POST", "/workouts", body, role_arn=role),
        "POST /me/workouts  JWT     ": athlete.call("POST", "/me/workouts", by_athlete),
    }
    for call, answer in calls.items():
        console.print(f"{call}  {expect(answer, 202).status} accepted, workout {answer.json()['workoutId']}")
        path = f"/me/workouts/{answer.json()['workoutId']}"
        wait_for(path, lambda path=path: athlete.call("GET", path).status == 200)  # type: ignore[misc]


def import_history(stage: Stage, athlete: Athlete, name: str, content: bytes) -> int:
    """Import the file twice, as its owner might; the number of workouts it brought."""
    heard = TopicListener(stage.outputs("workers")["ImportsTopicArn"])
    try:
        said = [_import(stage, athlete, heard, import_id, content) for import_id in ("first", "again")]
    finally:
        heard.close()
    table = Table("", "rows", "new", "known", "set aside", title=f"{name}: {len(content):,} bytes")
    for label, message in zip(("first import", "same file again"), said, strict=True):
        counts = message["counts"]
        table.add_row(label, *(str(counts[each]) for each in ("rows", "new", "known", "setAside")))
    console.print(table)
    for reason, rows in sorted(said[0]["setAsideReasons"].items(), key=lambda each: -each[1])[:SHOWN]:
        console.print(f"  set aside: {rows} × {reason}")
    console.print(f"notified by SNS: “{said[0]['message']}”, then “{said[1]['message']}”")
    if said[0]["state"] == "refused":
        raise DemoError(f"{name} was {said[0]['message']}")
    first, second = (message["counts"] for message in said)
    if first["new"] + first["known"] + first["setAside"] != first["rows"] or second["new"]:
        raise DemoError("the import's counts do not add up")
    return int(first["new"])


def _import(
    stage: Stage, athlete: Athlete, heard: TopicListener, import_id: str, content: bytes
) -> dict[str, Any]:
    stage.upload_csv(athlete.user_id, import_id, content)
    found: dict[str, Any] = wait_for(
        "the import's notification",
        lambda: next((each for each in heard.messages() if each["importId"] == import_id), None),
    )
    return found


def show_totals(athlete: Athlete, workouts: int) -> None:
    """The athlete's totals, once every workout is counted."""
    stats = wait_for(
        f"totals over {workouts} workouts",
        lambda: next(
            (
                found
                for found in [athlete.call("GET", "/me/stats").json()]
                if found["total"]["workouts"] >= workouts
            ),
            None,
        ),
    )
    if stats["total"]["workouts"] != workouts:
        raise DemoError(f"{workouts} workouts were stored, {stats['total']['workouts']} counted")
    table = Table("", "workouts", "hours", "kcal", "km", title="GET /me/stats")
    for name, total in [("all", stats["total"]), *sorted(stats["byType"].items())]:
        figures = (total["workouts"], total["minutes"] / 60, total["calories"], total["distanceM"] / 1000)
        table.add_row(name, *(f"{figure:,.0f}" for figure in figures))
    console.print(table)


def show_history(athlete: Athlete) -> None:
    """The newest stored workouts."""
    page = expect(athlete.call("GET", f"/me/workouts?limit={SHOWN}"), 200).json()
    table = Table("started", "type", "min", "km", "source", title=f"GET /me/workouts?limit={SHOWN}")
    for each in page["workouts"]:
        km = f"{each['distanceM'] / 1000:.1f}" if "distanceM" in each else ""
        table.add_row(each["startedAt"], each["type"], f"{each['durationMin']:.0f}", km, each["source"])
    console.print(table)


def show_refusals(stage: Stage, athlete: Athlete) -> None:
    """A workout that cannot be, and a call that nobody signed."""
    absurd = {**BY_HAND[0], "durationMin": -5, "mood": "great"}
    problem = expect(athlete.call("POST", "/me/workouts", absurd), 422)
    console.print(f"an absurd workout  {problem.status} {problem.headers['content-type']}")
    for error in problem.json()["errors"]:
        console.print(f"  {error['pointer']}: {error['message']}")
    unsigned = expect(stage.call("POST", "/workouts", dict(BY_HAND[0])), 403)
    console.print(f"an unsigned call   {unsigned.status} {unsigned.json()['detail']}")


def play(stage: Stage, name: str, content: bytes) -> None:
    """The whole scenario."""
    step("An athlete signs up and signs in")
    athlete = stage.athlete()
    console.print(f"user {athlete.user_id} at {stage.api_url}")
    step("Workouts come in by a signed call and by the athlete's own")
    log_by_hand(stage, athlete)
    step("A history from another app is imported, twice")
    imported = import_history(stage, athlete, name, content)
    step("Totals follow from the events")
    show_totals(athlete, imported + len(BY_HAND))
    show_history(athlete)
    step("What must be refused is refused")
    show_refusals(stage, athlete)


def sample() -> bytes:
    """The history that the project ships."""
    out = io.StringIO(newline="")
    write(SAMPLE_ROWS, out)
    return out.getvalue().encode()


def history(path: Path) -> bytes:
    """The content of the user's own export; DemoError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DemoError(f"{path.absolute()} cannot be read: {error.strerror}") from error


def main() -> int:
    """Play the scenario; 0 where all of it held."""
    parser = argparse.ArgumentParser(description="Play the main scenario on a deployed stage.")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="import this export instead of the sample")
    parser.add_argument("--stage", default=os.environ.get("WOTR_STAGE", "dev"), help="default %(default)s")
    parser.add_argument("--check", action="store_true", help="only say whether the options can be used")
    options = parser.parse_args()
    try:
        content = history(options.csv) if options.csv else sample()
        name = options.csv.name if options.csv else f"a sample of {SAMPLE_ROWS} Strava activities"
        if not options.check:
            play(Stage(options.stage), name, content)
    except (DemoError, StageError, OSError) as error:
        console.print(f"The demo stopped: {error}", style="red")
        return 1
    if options.check:
        return 0
    step("All of it held. Where to look next")
    console.print("python3 noxfile.py -s up      the same cloud, kept running, with URLs to call")
    console.print("services/api/openapi.json     every route    ·  notes/outputs.md    every exported output")
    console.print(
        "notes/ddb-model.md            what is stored ·  README.md           how to add a route or a service"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
