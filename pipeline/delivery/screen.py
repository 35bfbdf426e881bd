"""What a person reads: tables and colours in a terminal, plain lines of whole words in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

_COLOURS = {
    "Succeeded": "green",
    "Failed": "bold red",
    "InProgress": "cyan",
    "Stopped": "yellow",
    "Stopping": "yellow",
    "Cancelled": "yellow",
    "Superseded": "dim",
    "Skipped": "dim",
    "Abandoned": "yellow",
    "not run": "dim",
}


class Screen:
    """Writes to ``console``."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)

    def say(self, text: str, style: str = "") -> None:
        """One message, never wrapped: a pipe gets whole lines, and what is to be copied stays whole."""
        self.console.print(text, style=style, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def lines(self, lines: Iterable[str]) -> None:
        """What somebody else's program printed, as it is: nothing in it is markup, and it comes at once."""
        for line in lines:
            self.console.file.write(f"{line}\n")
        self.console.file.flush()

    def next(self, text: str) -> None:
        """What to do next."""
        self.say(f"Next: {text}", "dim")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table; in a pipe its columns are aligned and nothing is cut."""
        whole = [tuple(row) for row in rows]
        if self.console.is_terminal:
            self.console.print(grid(head, whole))
            return
        widths = [max(len(row[column]) for row in [head, *whole]) for column in range(len(head))]
        for row in [head, *whole]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.say("  ".join(cells).rstrip())


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """The table of a terminal, statuses coloured."""
    table = Table(*head, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell, style=_COLOURS.get(cell, "")) for cell in row))
    return table


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in the two largest units: ``3 h 12 min``."""
    if moment is None:
        return ""
    return duration(((now or datetime.now(UTC)) - moment).total_seconds())


def duration(seconds: float) -> str:
    """Seconds for a person: ``8 s``, ``2 min 5 s``, ``3 h 12 min``, ``4 d 2 h``."""
    whole = max(0, round(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
