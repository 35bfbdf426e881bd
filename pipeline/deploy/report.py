"""What a person sees: a live table in a terminal, plain lines in a pipe or a log."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.changesets import Event
from deploy.images import Image
from deploy.packages import HOST, MAX_ZIP_BYTES, Package
from deploy.run import Deployment, StackResult

_COLOURS = {
    "created": "green",
    "updated": "green",
    "unchanged": "dim",
    "failed": "bold red",
    "skipped": "yellow",
    "waiting": "dim",
    "deploying": "cyan",
}


class Progress:
    """Shows a deployment while it runs; ``watch`` and ``ended`` may be called from any thread."""

    def __init__(self, console: Console, stacks: Iterable[str]) -> None:
        self._console = console
        self._rows = dict.fromkeys(stacks, ("waiting", ""))
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=8)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def watch(self, stack: str, event: Event) -> None:
        """Take note of a stack event."""
        with self._lock:
            if stack not in self._since:
                self._since[stack] = time.monotonic()
                self._line(f"{stack}: deploying")
            if event.status.endswith("_FAILED"):
                self._line(f"{stack}: {event.logical_id} {event.status}: {event.reason}")
            self._rows[stack] = ("deploying", f"{event.logical_id} {event.status.lower().replace('_', ' ')}")

    def ended(self, result: StackResult) -> None:
        """Take note of a stack's end."""
        with self._lock:
            self._rows[result.stack] = (result.action, _detail(result))
            self._line(f"{result.stack}: {result.action}{', ' if _detail(result) else ''}{_detail(result)}")

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        with self._lock:
            for stack, (state, detail) in self._rows.items():
                table.add_row(stack, Text(state, style=_COLOURS[state]), Text(detail, overflow="ellipsis"))
        return table


def summary(console: Console, deployment: Deployment) -> None:
    """The outcome in a sentence, the reasons of what failed, and the next step."""
    counts: dict[str, int] = {}
    for result in deployment.stacks:
        counts[result.action] = counts.get(result.action, 0) + 1
    parts = ", ".join(f"{number} {action}" for action, number in counts.items())
    style = "green" if deployment.good else "bold red"
    say(console, f"{deployment.stage}: {parts} in {deployment.seconds:.1f} s", style)
    for reason in dict.fromkeys(result.reason for result in deployment.stacks if result.action == "failed"):
        say(console, reason, "red")
    if deployment.good:
        say(console, f"Next: python3 noxfile.py -s script -- seed --stage {deployment.stage}", "dim")
    else:
        say(console, "Next: put the cause right and run the same command again; finished stacks stay.", "dim")


def packages(console: Console, built: Iterable[Package]) -> None:
    """Each package with its size against the budget and its key."""
    found = list(built)
    for package in found:
        state = "unchanged" if package.reused else "built"
        say(
            console,
            f"{package.service}: {state}, {package.size / 2**20:.2f} MiB of {MAX_ZIP_BYTES >> 20} zipped, "
            f"{package.unpacked / 2**20:.1f} MiB unpacked, {package.key}",
        )
    if found:
        say(
            console,
            f"Next: python3 noxfile.py -s deploy -- up; the zips are in {found[0].path.parent}",
            "dim",
        )


def image(console: Console, built: Image, context: Path, parameter: str) -> None:
    """An image's content with its size and tag, and how it becomes an image that a stage runs."""
    say(console, f"{built.service}: image content {built.size / 2**20:.1f} MiB zipped, tag {built.content}")
    if built.target == HOST.name:
        return
    say(
        console,
        f"Next, where there is Docker, with REPOSITORY from the stack's outputs:\n"
        f"  docker build --platform linux/arm64 --tag REPOSITORY:{built.content} {context}\n"
        f"  docker push REPOSITORY:{built.content}\n"
        f"  python3 noxfile.py -s deploy -- up --set {parameter}=REPOSITORY:{built.content}",
        "dim",
    )


def write(path: Path, deployment: Deployment) -> None:
    """The deployment as JSON, for other programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dataclasses.asdict(deployment), indent=2) + "\n", encoding="utf-8")


def _detail(result: StackResult) -> str:
    if result.reason:
        return result.reason.splitlines()[0]
    if not result.changes:
        return f"{result.seconds:.1f} s" if result.action != "unchanged" else ""
    return f"{len(result.changes)} resources, {result.seconds:.1f} s"


def say(console: Console, text: str, style: str = "") -> None:
    """One message, never wrapped or coloured by guess, so that a pipe gets whole lines."""
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)
