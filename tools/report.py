"""A run of several parts: all of them are tried, and a table at the end says how each went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tools.shell import Failed

Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """One part: its duration in seconds, how many tests passed if it counts them, what went wrong."""

    name: str
    seconds: float
    passed: int | None = None
    problem: str | None = None


@dataclass
class Report:
    """Collects the rows while the parts run."""

    rows: list[Row] = field(default_factory=list)

    def part(self, name: str, work: Callable[[], Result]) -> Result | None:
        """Do ``work``, timed, under a heading; a Failed becomes a row instead of ending the run."""
        print(f"\n=== {name} ===", flush=True)
        began = time.monotonic()
        try:
            result = work()
        except Failed as failure:
            print(f"{name}: {failure}", flush=True)
            self.rows.append(Row(name, time.monotonic() - began, problem=str(failure)))
            return None
        passed = result if isinstance(result, int) else None
        self.rows.append(Row(name, time.monotonic() - began, passed))
        return result

    def left_out(self, name: str, why: str) -> None:
        """Record a part that could not be tried; it counts as failed."""
        self.rows.append(Row(name, 0.0, problem=f"not run: {why}"))

    def finish(self) -> None:
        """Print the table; raise Failed naming the parts that failed, if any did."""
        print("\n" + self.table(), flush=True)
        failed = [row.name for row in self.rows if row.problem]
        if failed:
            raise Failed(f"failed: {', '.join(failed)}")

    def table(self) -> str:
        """Return one line a part: name, result, seconds, number of tests, first line of the problem."""
        lines = [f"{'part':<13}{'result':<9}{'seconds':>8}{'tests':>7}"]
        for row in self.rows:
            result = "FAILED" if row.problem else "ok"
            tests = "" if row.passed is None else str(row.passed)
            problem = f"  {row.problem.splitlines()[0]}" if row.problem else ""
            lines.append(f"{row.name:<13}{result:<9}{row.seconds:>8.1f}{tests:>7}{problem}".rstrip())
        return "\n".join(lines)
