"""Call a machine route, signed with SigV4 by a role's temporary credentials.

    signed_call GET /stats/seed-000
    signed_call GET /workouts --query from=2026-01-01T00:00:00Z --query to=2026-02-01T00:00:00Z
    signed_call POST /workouts --body workout.json
    echo '{"userId": "ada", ...}' | signed_call POST /workouts --body -

The body of the answer goes to standard output, its status to standard error, so that a pipe gets JSON alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from urllib.parse import urljoin

from botocore.exceptions import BotoCoreError, ClientError

from stage_client import Answer, Stage, StageError

METHODS = ("GET", "POST", "PATCH", "DELETE")


def main() -> int:
    """Make the call; 0 where it was answered 2xx, 1 where not, 2 where it could not be made."""
    options = _parser().parse_args()
    try:
        answer = _call(options)
    except (StageError, ClientError, BotoCoreError, OSError) as error:
        print(f"signed_call: {error}", file=sys.stderr)
        return 2
    print(f"{options.method} {options.path}: {answer.status}", file=sys.stderr)
    print(_shown(answer))
    if answer.status == 403:
        print(f"Next: {_why(options)}", file=sys.stderr)
    elif "location" in answer.headers:
        place = urljoin(options.path, answer.headers["location"])
        print(f"Next: signed_call GET {place}", file=sys.stderr)
    return 0 if answer.status < 300 else 1


def _call(options: argparse.Namespace) -> Answer:
    stage = Stage(options.stage)
    body = None
    if options.body:
        body = sys.stdin.buffer.read() if options.body == "-" else Path(options.body).read_bytes()
    role = options.role
    if role == "machine":
        role = stage.outputs("auth")["MachineClientRoleArn"]
    return stage.signed(
        options.method,
        options.path,
        body,
        query=dict(options.query),
        role_arn=None if role == "own" else role,
    )


def _why(options: argparse.Namespace) -> str:
    if options.role == "own":
        return "your own credentials may not call it; leave --role out to take the machine clients' role"
    return "the role may not call this route, or the route is an athlete's (/me/…), who signs in instead"


def _shown(answer: Answer) -> str:
    try:
        return json.dumps(answer.json(), indent=2, ensure_ascii=False)
    except ValueError:
        return answer.text


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=VALUE")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="signed_call", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method", type=str.upper, choices=METHODS, help="GET, POST, …")
    parser.add_argument("path", help="such as /stats/ada, without the stage")
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    parser.add_argument("--query", action="append", default=[], type=_pair, metavar="NAME=VALUE")
    parser.add_argument("--body", metavar="FILE", help="JSON to send; - reads standard input")
    parser.add_argument(
        "--role",
        default="machine",
        metavar="ARN",
        help="role to take; 'machine' (default) is the stage's for machine clients, 'own' takes none",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
