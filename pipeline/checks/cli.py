"""The command line: ``python -m checks NAME``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from checks import changes, suites, traffic
from checks.exports import write
from stage_client import Stage, StageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one check; 0 where it held, 1 with a message where it did not."""
    options = _parser().parse_args(arguments)
    try:
        told, good = options.check(options)
    except (StageError, ClientError, BotoCoreError) as error:
        print(f"{options.name}: {error}", file=sys.stderr)
        return 1
    for key, value in told.items():
        print(f"{key}: {value}")
    if options.exports:
        write(options.exports, told)
    return 0 if good else 1


def _verify(options: argparse.Namespace) -> tuple[dict[str, str], bool]:
    ended = suites.run(options.stage, suites.verifying(options.deployable))
    return {"RESULTS": ended.text}, ended.good


def _smoke(options: argparse.Namespace) -> tuple[dict[str, str], bool]:
    ended = suites.run(options.stage, suites.SMOKE)
    return {"RESULTS": ended.text}, ended.good


def _summary(options: argparse.Namespace) -> tuple[dict[str, str], bool]:
    found = changes.of(f"wotr-{options.deployable}-{options.stage}", options.change_set)
    for line in changes.lines(found):
        print(line)
    return {"CHANGES": changes.sentence(found)}, True


def _traffic(options: argparse.Namespace) -> tuple[dict[str, str], bool]:
    stack = f"wotr-{options.deployable}-{options.stage}"
    sent = traffic.send(Stage(options.stage), traffic.watch(stack, options.change_set), say=print)
    return {"CALLS": str(sent.calls), "FAILED_CALLS": str(sent.failed)}, True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 noxfile.py -s check --",
        description="What a pipeline asks of a deployed stage, with the credentials of this shell.",
    )
    commands = parser.add_subparsers(required=True, metavar="CHECK", dest="name")
    for name, check, stage, text in (
        ("verify", _verify, "dev", "the end-to-end tests that concern the deployable"),
        ("summary", _summary, "prod", "what the prepared change set would change"),
        ("traffic", _traffic, "prod", "synthetic calls, some thirty a second, while the stack is updated"),
        ("smoke", _smoke, "prod", "whether the stage answers, stores and refuses as it should"),
    ):
        found = commands.add_parser(name, help=text, description=text)
        known = os.environ.get("WOTR_STAGE", stage)
        found.add_argument("--stage", choices=("dev", "prod"), default=known, help="default %(default)s")
        _deployable(found)
        found.add_argument(
            "--exports",
            type=Path,
            default=os.environ.get("WOTR_EXPORTS") or None,
            metavar="FILE",
            help="write what it found there, a KEY=value a line (default: $WOTR_EXPORTS)",
        )
        if check in (_summary, _traffic):
            found.add_argument(
                "--change-set",
                default=os.environ.get("WOTR_CHANGE_SET", ""),
                metavar="NAME",
                help="default: $WOTR_CHANGE_SET, or the stack's newest",
            )
        found.set_defaults(check=check)
    return parser


def _deployable(parser: argparse.ArgumentParser) -> None:
    known = os.environ.get("WOTR_DEPLOYABLE")
    parser.add_argument(
        "--deployable",
        default=known,
        required=known is None,
        metavar="NAME",
        help="such as api (default: $WOTR_DEPLOYABLE)",
    )
