"""The command line: ``python -m delivery COMMAND``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from delivery import approvals, bootstrap, showing
from delivery.asking import Asking
from delivery.errors import DeliveryError
from delivery.going_back import go_back
from delivery.pipelines import Pipelines
from delivery.pushed import follow_commit, start_by_hand
from delivery.screen import Screen
from deploy import templates
from deploy.errors import DeployError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked, 1 with a message if not, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    screen = Screen()
    try:
        return int(options.command(Pipelines(), screen, options))
    except KeyboardInterrupt:
        screen.say("Stopped looking; what the pipelines do goes on.")
        return 130
    except (DeliveryError, DeployError) as error:
        print(error, file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "AWS")
        print(
            f"{endpoint}: {error}\nAre this shell's credentials, region and endpoint the right ones?",
            file=sys.stderr,
        )
    return 1


def _bootstrap(_pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    parameters = {}
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise DeliveryError(f"--set {text}: write NAME=VALUE, for example Branch=main")
        parameters[name] = value
    made = bootstrap.make(
        templates.repository(),
        options.deployables,
        parameters=parameters,
        hold=options.hold,
        told=lambda each: screen.say(f"{each.deployable}: pipeline {each.action}"),
    )
    changed = sum(each.action != "unchanged" for each in made)
    screen.say(f"{len(made)} pipelines, {changed} of them changed", "green")
    screen.next("python3 noxfile.py -s delivery -- state")
    return 0


def _approve(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    question = approvals.required(pipelines, options.deployable)
    Asking(pipelines, screen, reason=options.reason).show(question)
    approvals.approve(pipelines, question, options.reason)
    screen.say("approved", "green")
    screen.next(f"python3 noxfile.py -s delivery -- follow {options.deployable}")
    return 0


def _reject(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    question = approvals.required(pipelines, options.deployable)
    Asking(pipelines, screen, reason=options.reason).show(question)
    approvals.reject(pipelines, question, options.reason)
    screen.say("rejected: prod stays as it is", "yellow")
    screen.next(f"python3 noxfile.py -s delivery -- state {options.deployable}")
    return 0


def _rollback(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    if options.list:
        return showing.show_releases(pipelines, screen, options.deployable)
    return go_back(pipelines, screen, options)


def _state(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    if options.deployable:
        return showing.stages(pipelines, screen, options.deployable)
    return showing.overview(pipelines, screen)


def _figures(pipelines: Pipelines, screen: Screen, options: argparse.Namespace) -> int:
    return showing.figures(pipelines, screen, options.days)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 noxfile.py -s delivery --",
        description="The pipelines of the account or local cloud that this shell's AWS settings lead to.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    made = commands.add_parser("bootstrap", help="create or update the pipelines, in the graph's order")
    made.add_argument("deployables", nargs="*", metavar="DEPLOYABLE", help="only these")
    made.add_argument(
        "--hold",
        action="store_true",
        help="give up the execution that a new pipeline starts with: the stages are what the branch says",
    )
    made.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of pipeline/service-pipeline.yml, which later calls keep (may be repeated)",
    )
    made.set_defaults(command=_bootstrap)

    state = commands.add_parser("state", help="what each pipeline does now; of one, stage by stage")
    state.add_argument("deployable", nargs="?", metavar="DEPLOYABLE")
    state.set_defaults(command=_state)

    for name, command, text in (
        ("approve", _approve, "let the waiting change go to prod; shows it first"),
        ("reject", _reject, "refuse the waiting change: its execution fails with the reason"),
    ):
        found = commands.add_parser(name, help=text, description=text)
        found.add_argument("deployable", metavar="DEPLOYABLE")
        found.add_argument("--reason", required=True, metavar="TEXT", help="kept with the execution")
        found.set_defaults(command=command)

    back = commands.add_parser("rollback", help="bring a version back to prod that it ran before")
    back.add_argument("deployable", metavar="DEPLOYABLE")
    back.add_argument("--to", default="", metavar="EXECUTION", help="default: the last good one before")
    back.add_argument("--reason", default="", metavar="TEXT", help="why, kept with the approval")
    back.add_argument("--yes", action="store_true", help="do not ask")
    back.add_argument("--list", action="store_true", help="only show what prod has run")
    back.add_argument(
        "--rebuild",
        action="store_true",
        help="build that commit anew, through all stages: for what ran before the pipeline was changed",
    )
    back.set_defaults(command=_rollback)

    _add_follow(commands)

    reckoned = commands.add_parser("figures", help="DORA's four figures of each deployable")
    reckoned.add_argument("--days", type=_days, default=30, metavar="N", help="default %(default)s")
    reckoned.set_defaults(command=_figures)
    return parser


def _add_follow(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "show executions stage by stage until they end; exit code 1 if one failed"
    found = commands.add_parser("follow", help=text, description=text)
    found.add_argument("deployables", nargs="*", metavar="DEPLOYABLE", help="only these")
    found.add_argument("--commit", default="", metavar="SHA", help="those of this commit, once they begin")
    found.add_argument(
        "--patience",
        type=float,
        default=20,
        metavar="SECONDS",
        help="how long to wait for executions of the commit to begin (default %(default)s)",
    )
    found.set_defaults(command=follow_commit)
    by_hand = "run pipelines for a commit, whatever it touched, and follow them"
    started = commands.add_parser("start", help=by_hand, description=by_hand)
    started.add_argument("deployables", nargs="+", metavar="DEPLOYABLE")
    started.add_argument("--commit", required=True, metavar="SHA", help="in full")
    started.set_defaults(command=start_by_hand)
    for parser in (found, started):
        parser.add_argument("--approve", action="store_true", help="answer approvals with yes")
        parser.add_argument("--reason", default="", metavar="TEXT", help="given with --approve")


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("give a number of days, 1 or more")
    return int(text)
