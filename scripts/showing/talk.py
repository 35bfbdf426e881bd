"""How the demo talks, waits and insists."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console

from stage_client import Answer

PATIENCE_S = 120.0
PIPE_WIDTH = 120

# No markup: files, their names and what is said of them may hold [brackets]. A pipe has no width of its own.
console = Console(
    highlight=False, soft_wrap=True, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH
)


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
