"""Bring the read models of a stage to what its system of record holds, while the stage goes on working.

The function `rebuild` of analytics does the work, a stretch of athletes a call; this keeps the place between
the calls in a file. Stop it whenever you like: the same command goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.status import Status
from rich.table import Table

from stage_client import Stage, StageError

ROOT = Path(__file__).resolve().parents[1]
VIEWS = ("totals", "recent-sessions")
ROUNDS = 3  # for athletes whose items change faster than they are read
# what the function counts, in words
CORRECTED = {
    "workouts": "workouts that totals did not know rightly",
    "totals": "totals that were off",
    "sessions": "sessions that the view did not know rightly",
    "views": "views that were off",
}
STOPPED = 130

console = Console(highlight=False, soft_wrap=True, markup=False)
complaints = Console(stderr=True, style="red", highlight=False, soft_wrap=True, markup=False)
Rebuild = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Progress:
    """How far a backfill by `function` is, and what it has found; `place` None before its first answer."""

    function: str
    views: list[str]
    place: dict[str, Any] | None = None
    users: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    saved_at: str = ""

    @classmethod
    def kept(cls, path: Path, function: str, views: Sequence[str]) -> Self | None:
        """What `path` keeps of the same backfill of the same stage, if it does."""
        try:
            progress = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        same = progress.function == function and progress.views == list(views)
        return progress if same and progress.place is not None else None

    def keep(self, path: Path) -> None:
        """Write it down, whole or not at all."""
        self.saved_at = datetime.now(UTC).isoformat(timespec="seconds")
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        beside.replace(path)

    def add(self, answer: dict[str, Any]) -> None:
        """Take in what one call did."""
        self.place = answer.get("place")
        self.users += answer["users"]
        for what, count in answer["changed"].items():
            self.changed[what] = self.changed.get(what, 0) + count
        self.failed |= answer["failed"]
        self.set_aside |= answer["set_aside"]

    def __str__(self) -> str:
        walk = "athletes found by their views" if (self.place or {}).get("walk") == "views" else "athletes"
        return f"{self.users:,} {walk}, {sum(self.changed.values()):,} corrections"


def rebuilding(stage: Stage) -> tuple[str, Rebuild]:
    """The stage's function, and how to call it; the call raises StageError where it fails."""
    function = stage.outputs("analytics")["RebuildFunctionArn"]
    patience = Config(read_timeout=330, retries={"mode": "standard", "total_max_attempts": 3})
    client = boto3.client("lambda", config=patience)

    def rebuild(asked: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(asked).encode())
        except (ClientError, BotoCoreError) as error:
            raise StageError(f"{function} does not answer: {error}") from error
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise StageError(f"{function} failed: {said.get('errorMessage', said)}; its log says more")
        return said

    return function, rebuild


def walk(progress: Progress, rebuild: Rebuild, path: Path, say: Callable[[Progress], None]) -> None:
    """Go over all athletes from where `progress` is, and keep it in `path` until it is done."""
    while True:
        place = {"place": progress.place} if progress.place else {}
        progress.add(rebuild({"views": progress.views, **place}))
        say(progress)
        if progress.place is None:
            return
        progress.keep(path)


def again(progress: Progress, rebuild: Rebuild) -> None:
    """Ask once more for athletes whom it did not work out with."""
    for _ in range(ROUNDS):
        for user in list(progress.failed):
            answer = rebuild({"views": progress.views, "user": user})
            del progress.failed[user]
            progress.add(answer | {"users": 0})


def saying() -> tuple[AbstractContextManager[Any], Callable[[Progress], None]]:
    """How progress is shown: one line that changes in a terminal, one line a call in a pipe."""
    if not console.is_terminal:
        return nullcontext(), lambda progress: console.print(str(progress))
    status = Status("looking at the first athletes", console=console)
    return status, lambda progress: status.update(str(progress))


def show(progress: Progress, options: argparse.Namespace) -> None:
    """What was wrong, what could not be mended, and what to do next."""
    found = [(text, progress.changed[what]) for what, text in CORRECTED.items() if what in progress.changed]
    if console.is_terminal and found:
        table = Table("corrected", "count", title=f"{', '.join(progress.views)} of {options.stage}")
        for text, count in found:
            table.add_row(text, f"{count:,}")
        console.print(table)
    else:
        for text, count in found:
            console.print(f"corrected {count:,} {text}")
    whom = f"of {options.user}" if options.user else f"of {progress.users:,} athletes"
    console.print(
        f"{', '.join(progress.views)} {whom}: " + ("as stored now" if found else "nothing was wrong")
    )
    for subject, reason in progress.set_aside.items():
        complaints.print(f"left out: {subject}: {reason}")
    for user, reason in progress.failed.items():
        complaints.print(f"not rebuilt: {user}: {reason}")
    if progress.failed:
        complaints.print("Next: the same again for each of them, with --user, when they are less busy")
    elif progress.set_aside:
        complaints.print("Next: look at these items; nothing else was held up by them")
    else:
        console.print("Next: ask for somebody's with a signed GET /stats/USER, or GET /me/sessions/recent")


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        "python3 noxfile.py -s script -- backfill",
        description="Bring read models to what the system of record holds, while the stage goes on working. "
        "It can be stopped at any time; the same command goes on from there.",
    )
    parser.add_argument("--view", default="all", choices=(*VIEWS, "all"), help="default %(default)s")
    parser.add_argument("--user", help="only this athlete's (default: everybody's)")
    parser.add_argument("--restart", action="store_true", help="begin anew instead of going on")
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="where the place is kept (default .wotr/backfill-STAGE-VIEW.json)",
    )
    parser.add_argument(
        "--stage",
        default=os.environ.get("WOTR_STAGE", "dev"),
        choices=("dev", "prod"),
        help="default %(default)s",
    )
    return parser.parse_args()


def begun(said: argparse.Namespace, function: str, path: Path) -> Progress:
    """The backfill that goes on, or a new one."""
    views = list(VIEWS) if said.view == "all" else [said.view]
    kept = None if said.restart or said.user else Progress.kept(path, function, views)
    if kept is not None:
        console.print(f"goes on from {kept.saved_at}, {kept} so far; --restart begins anew")
    return kept or Progress(function, views)


def main() -> int:
    """Do it; 0 where every view is as stored."""
    said = options()
    path = said.state or ROOT / ".wotr" / f"backfill-{said.stage}-{said.view}.json"
    try:
        function, rebuild = rebuilding(Stage(said.stage))
        progress = begun(said, function, path)
        shown, say = saying()
        with shown:
            if said.user:
                progress.add(rebuild({"views": progress.views, "user": said.user}))
            else:
                walk(progress, rebuild, path, say)
            again(progress, rebuild)
        if not said.user:
            path.unlink(missing_ok=True)
    except (StageError, ClientError, BotoCoreError, OSError) as error:
        complaints.print(str(error))
        return 1
    except KeyboardInterrupt:
        console.print("stopped; the same command goes on from there")
        return STOPPED
    show(progress, said)
    return 1 if progress.failed or progress.set_aside else 0


if __name__ == "__main__":
    sys.exit(main())
