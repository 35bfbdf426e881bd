"""Tables for a person, lines for a pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table


def table(console: Console, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` below `head`: the first column is text, the others are numbers."""
    if console.is_terminal:
        shown = Table(head[0])
        for name in head[1:]:
            shown.add_column(name, justify="right")
        for row in rows:
            shown.add_row(*row)
        console.print(shown)
        return
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for first, *numbers in [head, *rows]:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
        console.print("  ".join(cells))
