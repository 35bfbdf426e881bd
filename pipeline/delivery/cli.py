"""The command line: ``python -m delivery COMMAND``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from delivery import commands, log
from delivery.errors import DeliveryError
from delivery.pipelines import Pipelines
from delivery.pushed import follow_commit, start_by_hand
from delivery.screen import Screen
from deploy.errors import DeployError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked, 1 with a message if not, 130 after Ctrl-C."""
    options = parser().parse_args(arguments)
    screen = Screen()
    try:
        return int(options.command(Pipelines(), screen, options))
    except KeyboardInterrupt:
        screen.say("Stopped looking; what the pipelines do goes on.")
        return 130
    except BrokenPipeError:  # whoever read it has enough; the interpreter's last flush would complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (DeliveryError, DeployError) as error:
        print(error, file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "AWS")
        print(
            f"{endpoint}: {error}\nAre this shell's credentials, region and endpoint the right ones?",
            file=sys.stderr,
        )
    return 1


def parser() -> argparse.ArgumentParser:
    """The words of the command line; ``command`` of what it parses is the function to call."""
    found = argparse.ArgumentParser(
        prog="python3 noxfile.py -s delivery --",
        description="The pipelines of the account or local cloud that this shell's AWS settings lead to.",
    )
    words = found.add_subparsers(required=True, metavar="COMMAND")

    made = words.add_parser("bootstrap", help="create or update the pipelines, in the graph's order")
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
    made.set_defaults(command=commands.bootstrap)

    state = words.add_parser("state", help="what each pipeline does now; of one, stage by stage")
    state.add_argument("deployable", nargs="?", metavar="DEPLOYABLE")
    state.set_defaults(command=commands.state)

    for name, command, text in (
        ("approve", commands.approve, "let the waiting change go to prod; shows it first"),
        ("reject", commands.reject, "refuse the waiting change: its execution fails with the reason"),
    ):
        answer = words.add_parser(name, help=text, description=text)
        answer.add_argument("deployable", metavar="DEPLOYABLE")
        answer.add_argument("--reason", required=True, metavar="TEXT", help="kept with the execution")
        answer.set_defaults(command=command)

    back = words.add_parser("rollback", help="bring a version back to prod that it ran before")
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
    back.set_defaults(command=commands.rollback)

    _add_follow(words)
    _add_log(words)

    reckoned = words.add_parser("figures", help="DORA's four figures of each deployable")
    reckoned.add_argument(
        "--days", type=_number("a number of days"), default=30, metavar="N", help="default %(default)s"
    )
    reckoned.set_defaults(command=commands.figures)
    return found


def _add_follow(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "show executions stage by stage until they end; exit code 1 if one failed"
    found = words.add_parser("follow", help=text, description=text)
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
    started = words.add_parser("start", help=by_hand, description=by_hand)
    started.add_argument("deployables", nargs="+", metavar="DEPLOYABLE")
    started.add_argument("--commit", required=True, metavar="SHA", help="in full")
    started.set_defaults(command=start_by_hand)
    for parser in (found, started):
        parser.add_argument("--approve", action="store_true", help="answer approvals with yes")
        parser.add_argument("--reason", default="", metavar="TEXT", help="given with --approve")


def _add_log(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "print what the build of an execution logged; by default of the latest, the one that failed"
    found = words.add_parser(
        "log",
        help=text,
        description=f"{text}, or else the last that began. The log goes to standard output, and all that is "
        "said about it to standard error.",
    )
    found.add_argument("deployable", metavar="DEPLOYABLE")
    found.add_argument("--execution", default="", metavar="ID", help="in full, or how it begins")
    found.add_argument(
        "--action", default="", metavar="NAME", help="which build: Build, Verify, Summarise, Traffic or Smoke"
    )
    found.add_argument(
        "--tail", type=_number("a number of lines"), default=0, metavar="N", help="the last N lines only"
    )
    found.add_argument(
        "--follow",
        action="store_true",
        help="wait for the build, and print lines as they come until it has ended",
    )
    found.set_defaults(command=log.show)


def _number(what: str) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) == 0:
            raise argparse.ArgumentTypeError(f"give {what}, 1 or more")
        return int(text)

    return number
