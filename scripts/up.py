"""Say where a deployed stage is and how to call it, then wait until Ctrl-C.

Makes one athlete on every start, so that the calls shown work as they are. With `--csv` their history is
there already.
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

from deploy import graph, templates
from stage_client import Stage, StageError

ROOT = Path(__file__).resolve().parents[1]
BODY = '{"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45}'

console = Console(highlight=False, soft_wrap=True, markup=False)


def show_outputs(stage: Stage) -> None:
    """What the stage's stacks export."""
    console.print(f"\nWhat the stacks of {stage.name} export", style="bold")
    whole = graph.build(templates.discover(ROOT))
    for stack in (name for batch in whole.batches() for name in batch):
        for name, value in stage.outputs(stack).items():
            console.print(f"{stack:<10} {name:<26} {value}")  # a table would cut what is meant to be copied


def show_calls(stage: Stage, history: bytes | None) -> None:
    """Calls to copy: the environment, an athlete's, a machine's, an upload."""
    password = f"Aa1-{secrets.token_urlsafe(12)}"
    email = f"athlete-{secrets.token_hex(4)}@example.com"
    athlete = stage.athlete(email, password)
    if history is not None:
        stage.upload_csv(athlete.user_id, "first", history)
    session = boto3.Session()
    if "AWS_ENDPOINT_URL" in os.environ:  # the local cloud's keys are no secret; an account's are never shown
        console.print("\nFor the AWS CLI, SDKs and scripts, in another shell", style="bold")
        names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
        console.print("export " + " ".join(f"{name}={os.environ.get(name, '')}" for name in names))
        console.print(f"python3 noxfile.py -s script -- seed --stage {stage.name}")
    console.print(f"\nAs an athlete  {email}  {password}  (token valid for an hour)", style="bold")
    console.print(f"TOKEN={athlete.token}")
    bearer = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
    console.print(f"curl {bearer} -d '{BODY}' {stage.api_url}/me/workouts")
    console.print(f'curl -H "Authorization: Bearer $TOKEN" {stage.api_url}/me/stats')
    console.print("\nAs a machine, signed", style="bold")
    user = "--user $AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
    signed = f"--aws-sigv4 aws:amz:{session.region_name}:execute-api {user}"
    console.print(
        f"curl {signed} '{stage.api_url}/workouts?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z'"
    )
    console.print("\nA history, if you have the AWS CLI", style="bold")
    bucket = stage.outputs("data")["UploadsBucketName"]
    console.print(f"aws s3 cp activities.csv s3://{bucket}/uploads/{athlete.user_id}/mine.csv")


def wait(stop: threading.Event, parent: int) -> None:
    """Until told to stop, or until the process that started this one has ended: its cloud has ended too."""
    while not stop.wait(1) and os.getppid() == parent:
        pass


def main() -> int:
    """Show, then wait; 0 when stopped by Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Show a deployed stage and wait until Ctrl-C.")
    parser.add_argument("--stage", default=os.environ.get("WOTR_STAGE", "dev"), help="default %(default)s")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="import this export for the new athlete")
    parser.add_argument("--check", action="store_true", help="only say whether the options can be used")
    options = parser.parse_args()
    stop, parent = threading.Event(), os.getppid()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    try:
        history = options.csv.read_bytes() if options.csv else None
        if options.check:
            return 0
        stage = Stage(options.stage)
        show_outputs(stage)
        show_calls(stage, history)
    except (StageError, OSError) as error:
        console.print(str(error), style="red")
        return 1
    console.print("\nRunning. Ctrl-C stops everything.")
    wait(stop, parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
