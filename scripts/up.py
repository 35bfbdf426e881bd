"""Say where a deployed stage is and how to call it, then wait until Ctrl-C.

Makes one athlete on every start, so that the calls shown work as they are. With `--csv` their history is
there already, if the file leaves nothing open that was not said.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

import boto3
from rich.console import Console
from showing.own_file import OwnFile, add_options, own_file
from showing.talk import DemoError

from deploy import graph, templates
from stage_client import Athlete, Stage, StageError

ROOT = Path(__file__).resolve().parents[1]
# Calls that work as they are once the lines before them have set API and TOKEN.
AS_ATHLETE = """\
me() { curl -sS -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" "$@"; echo; }
me $API/me/workouts -d '{"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45, "rpe": 6}'
me $API/me/workouts
me $API/me/stats

# a history from another app: say what the file leaves open, post it to the form, look what came of it
python3 scripts/strong_sample.py > strong.csv
me $API/me/imports -d '{"timezone": "Europe/Berlin", "weightUnit": "kg", "distanceUnit": "km"}' > import.json
curl -sS $(python3 -c "import json; form = json.load(open('import.json'))['upload']
print(form['url'], *('-F %s=%s' % field for field in form['fields'].items()))") -F "file=@strong.csv"
me $API/me/imports
me "$API/me/sessions?last=5"
me $API/me/records
me "$API/me/load?from=2024-05-01&to=2024-07-31"
me "$API/me/export?format=csv" > mine.csv
"""
AS_MACHINE = """\
curl --aws-sigv4 aws:amz:REGION:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
  "$API/workouts?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z"
"""

console = Console(highlight=False, soft_wrap=True, markup=False)


def show_outputs(stage: Stage) -> None:
    """What the stage's stacks export."""
    console.print(f"\nWhat the stacks of {stage.name} export", style="bold")
    whole = graph.build(templates.discover(ROOT))
    usual = (name for batch in whole.batches() for name in batch if not whole.templates[name].on_request)
    for stack in usual:
        for name, value in stage.outputs(stack).items():
            console.print(f"{stack:<10} {name:<26} {value}")  # a table would cut what is meant to be copied


def show_calls(stage: Stage, file: OwnFile | None) -> None:
    """Calls to copy: the environment, an athlete's, a history, a machine's."""
    password = f"Aa1-{secrets.token_urlsafe(12)}"
    email = f"athlete-{secrets.token_hex(4)}@example.com"
    athlete = stage.athlete(email, password)
    if file is not None:
        show_import(athlete, file)
    if "AWS_ENDPOINT_URL" in os.environ:  # the local cloud's keys are no secret; an account's are never shown
        console.print("\nFor the AWS CLI, SDKs and scripts, in another shell", style="bold")
        names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
        console.print("export " + " ".join(f"{name}={os.environ.get(name, '')}" for name in names))
        console.print(f"python3 noxfile.py -s script -- seed --stage {stage.name}")
    console.print(f"\nAs an athlete  {email}  {password}  (token valid for an hour)", style="bold")
    console.print(f"API={stage.api_url}")
    console.print(f"TOKEN={athlete.token}")
    console.print(AS_ATHLETE, end="")
    region = boto3.Session().region_name
    console.print("\nAs a machine, signed", style="bold")
    console.print(AS_MACHINE.replace("REGION", str(region)), end="")
    console.print("\nAs anybody, recorded by the collector", style="bold")
    console.print(f"curl -sS {stage.collector_url}/any/path -d 'any text'; echo")
    console.print(f"python3 noxfile.py -s script -- collected --stage {stage.name}")


def show_import(athlete: Athlete, file: OwnFile) -> None:
    """Bring the athlete's own export in, and say what came of it."""
    state = athlete.import_file(file.content, file.settings, file.content_type).ended()
    console.print(f"\n{file.name} as import {state['importId']}: {state['message']}", style="bold")


def wait(stop: threading.Event, parent: int) -> None:
    """Until told to stop, or until the process that started this one has ended: its cloud has ended too."""
    while not stop.wait(1) and os.getppid() == parent:
        pass


def main() -> int:
    """Show, then wait; 0 when stopped by Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        "python3 noxfile.py -s up --",
        description="Show a deployed stage and wait until Ctrl-C, with your own export imported if you like.",
    )
    add_options(parser)
    parser.add_argument("--stage", default=os.environ.get("WOTR_STAGE", "dev"), help="default %(default)s")
    parser.add_argument("--check", action="store_true", help="only say whether the options can be used")
    options = parser.parse_args()
    stop, parent = threading.Event(), os.getppid()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    try:
        file = own_file(options)
        if options.check:
            return 0
        stage = Stage(options.stage)
        show_outputs(stage)
        show_calls(stage, file)
    except (DemoError, StageError, OSError) as error:
        console.print(str(error), style="red")
        return 1
    console.print("\nRunning. Ctrl-C stops everything.")
    wait(stop, parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
