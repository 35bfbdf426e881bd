"""Play the main scenario on a deployed stage and show what happened.

An athlete signs up; a machine and the athlete log workouts; a history from another app is imported, twice;
its counts, totals, records and load are shown. A second athlete brings a strength history, breaks a record
and takes the import back. What must be refused is refused. Credentials, region and endpoint come from the
environment, so the same scenario plays on the local cloud and on AWS.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from datetime import date
from typing import Any

import strava_sample
import strong_sample
from showing import history, training
from showing.own_file import OwnFile, add_options, answered, own_file
from showing.talk import DemoError, console, expect, step, wait_for

from stage_client import Athlete, Stage, StageError

SAMPLE_ROWS = 1200
SAMPLE_SESSIONS = 60
SAMPLE_SETTINGS = {"weightUnit": "kg", "distanceUnit": "km", "timezone": "Europe/Berlin"}
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


def show_refusals(stage: Stage, athlete: Athlete) -> None:
    """A workout that cannot be, and a call that nobody signed."""
    absurd = {**BY_HAND[0], "durationMin": -5, "mood": "great"}
    problem = expect(athlete.call("POST", "/me/workouts", absurd), 422)
    console.print(f"an absurd workout  {problem.status} {problem.headers['content-type']}")
    for error in problem.json()["errors"]:
        console.print(f"  {error['pointer']}: {error['message']}")
    unsigned = expect(stage.call("POST", "/workouts", dict(BY_HAND[0])), 403)
    console.print(f"an unsigned call   {unsigned.status} {unsigned.json()['detail']}")


def show_training(athlete: Athlete) -> None:
    """The newest workouts, records, and the load up to the newest one that was imported."""
    training.newest(athlete)
    training.records(athlete)
    imported = [each["startedAt"] for each in workouts_of(athlete) if "importId" in each]
    if imported:
        training.load(athlete, date.fromisoformat(max(imported)[:10]))


def play(stage: Stage, file: OwnFile) -> None:
    """The whole scenario, with an athlete whose history is `file`."""
    step("An athlete signs up and signs in")
    athlete = stage.athlete()
    console.print(f"user {athlete.user_id} at {stage.api_url}")
    expect(
        athlete.call("PATCH", "/me/profile", {"sex": "female", "restingHeartRate": 55, "maxHeartRate": 190}),
        200,
    )
    step("Workouts come in by a signed call and by the athlete's own")
    log_by_hand(stage, athlete)
    step("A history from another app is imported, twice")
    history.bring(athlete, file)
    step("Totals, records and load follow")
    training.totals(athlete, len(workouts_of(athlete)))
    show_training(athlete)
    step("Another athlete brings a strength history, set by set")
    lifter = stage.athlete()
    import_id = history.bring(lifter, strong_history())
    show_training(lifter)
    step("… and takes it back")
    history.take_back(lifter, import_id)
    history.bring(lifter, strong_history())
    step("A live session breaks a record")
    training.break_a_record(lifter, stage.outputs("workers")["RecordsTopicArn"])
    step("What must be refused is refused")
    show_refusals(stage, athlete)


def workouts_of(athlete: Athlete) -> list[dict[str, Any]]:
    """All workouts that the athlete has, page by page."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = expect(athlete.call("GET", f"/me/workouts?limit=100{token}"), 200).json()
        found += page["workouts"]
        if "nextToken" not in page:
            return found
        token = f"&nextToken={page['nextToken']}"


def strava_history() -> OwnFile:
    """The history of activities that the project ships."""
    out = io.StringIO(newline="")
    strava_sample.write(SAMPLE_ROWS, out)
    return OwnFile(f"a sample of {SAMPLE_ROWS} Strava activities", out.getvalue().encode(), {})


def strong_history() -> OwnFile:
    """The history of gym sessions that the project ships."""
    out = io.StringIO(newline="")
    strong_sample.write(SAMPLE_SESSIONS, out)
    name = f"a sample of {SAMPLE_SESSIONS} Strong workouts"
    return OwnFile(name, out.getvalue().encode(), SAMPLE_SETTINGS)


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        "python3 noxfile.py -s demo --",
        description="Play the main scenario on a deployed stage, with your own export instead of the sample.",
    )
    add_options(parser)
    parser.add_argument("--stage", default=os.environ.get("WOTR_STAGE", "dev"), help="default %(default)s")
    parser.add_argument("--check", action="store_true", help="only say whether the options can be used")
    return parser.parse_args()


def main() -> int:
    """Play the scenario; 0 where all of it held."""
    said = options()
    try:
        file = own_file(said) or strava_history()
        if said.check:
            return 0
        play(Stage(said.stage), file)
    except history.Refused as error:
        console.print(f"The demo stopped: {error}", style="red")
        if error.questions:
            console.print(f"For example: python3 noxfile.py -s demo -- {answered(said, error.questions)}")
        return 1
    except (DemoError, StageError, OSError) as error:
        console.print(f"The demo stopped: {error}", style="red")
        return 1
    step("All of it held. Where to look next")
    console.print("python3 noxfile.py -s up      the same cloud, kept running, with URLs to call")
    console.print("services/api/openapi.json     every route    ·  notes/outputs.md    every exported output")
    console.print(
        "notes/ddb-model.md            what is stored ·  README.md           how to add a route or a service"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
