"""A burst of POSTs against a warm stage: how long callers wait, beside `GET /health` in the same run.

`GET /health` goes the same way without doing anything, so the ratio tells what accepting a workout costs.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from stage_client import Answer, Stage

FIRST = datetime(2026, 2, 1, tzinfo=UTC)


def burst(call: Callable[[int], Answer], calls: int) -> tuple[list[float], list[int], float]:
    """Milliseconds and status of each of `calls` parallel calls, and the seconds of them all."""

    def timed(number: int) -> tuple[float, int]:
        started = time.perf_counter()
        status = call(number).status
        return (time.perf_counter() - started) * 1000, status

    with ThreadPoolExecutor(calls) as callers:
        started = time.perf_counter()
        answers = list(callers.map(timed, range(calls)))
        seconds = time.perf_counter() - started
    return [each[0] for each in answers], [each[1] for each in answers], seconds


def main() -> int:
    """Measure; 1 where a call was not answered as it must."""
    parser = argparse.ArgumentParser(description="Latency of parallel POST /workouts, beside GET /health.")
    parser.add_argument("--calls", type=int, default=100, help="parallel calls (default %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="bursts; the first only warms (default %(default)s)"
    )
    options = parser.parse_args()
    stage = Stage(os.environ.get("WOTR_STAGE", "dev"))
    role = stage.outputs("auth")["MachineClientRoleArn"]

    def post(user: str, number: int) -> Answer:
        started = (FIRST + timedelta(hours=number)).isoformat()
        body = {"userId": user, "type": "run", "startedAt": started, "durationMin": 30}
        return stage.signed("POST", "/workouts", body, role_arn=role)

    table = Table("burst", "p50 ms", "p95 ms", "calls/s", "p50 ÷ health", title=f"{options.calls} at once")
    for round_ in range(options.rounds):
        user = f"bench-{secrets.token_hex(6)}"
        idle, _, _ = burst(lambda _: stage.call("GET", "/health"), options.calls)
        waits, statuses, seconds = burst(lambda number, user=user: post(user, number), options.calls)  # type: ignore[misc]
        if set(statuses) != {202}:
            print(f"not all accepted: {sorted(set(statuses))}", file=sys.stderr)
            return 1
        p50 = statistics.median(waits)
        table.add_row(
            "warm-up" if round_ == 0 else f"{round_}",
            f"{p50:.0f}",
            f"{statistics.quantiles(waits, n=20)[-1]:.0f}",
            f"{options.calls / seconds:.0f}",
            f"{p50 / statistics.median(idle):.2f}",
        )
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
