"""A burst of POSTs against a warm stage: how long callers wait, beside `GET /health` in the same run.

`GET /health` goes the same way without doing anything, so the ratio tells what accepting a workout costs.
Calls are signed beforehand, and each burst starts when what the one before caused is done: the caller's own
work and the writing behind the queue are other figures.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from rich.console import Console
from rich.table import Table

from stage_client import Answer, Request, Stage

FIRST = datetime(2026, 2, 1, tzinfo=UTC)


def burst(calls: Sequence[Callable[[], Answer]]) -> tuple[list[float], list[int], float]:
    """Milliseconds and status of each of `calls`, sent at once, and the seconds of them all."""
    together = Barrier(len(calls))

    def timed(call: Callable[[], Answer]) -> tuple[float, int]:
        together.wait()
        started = time.perf_counter()
        status = call().status
        return (time.perf_counter() - started) * 1000, status

    with ThreadPoolExecutor(len(calls)) as callers:
        started = time.perf_counter()
        answers = list(callers.map(timed, calls))
        seconds = time.perf_counter() - started
    return [each[0] for each in answers], [each[1] for each in answers], seconds


def posts(stage: Stage, user: str, calls: int) -> list[Request]:
    """Signed posts of that many workouts of one user."""
    role = stage.outputs("auth")["MachineClientRoleArn"]
    return [
        stage.sign(
            "POST",
            "/workouts",
            {
                "userId": user,
                "type": "run",
                "startedAt": (FIRST + timedelta(hours=number)).isoformat(),
                "durationMin": 30,
            },
            role_arn=role,
        )
        for number in range(calls)
    ]


def counted(stage: Stage, user: str) -> int:
    """How many of a user's workouts the totals know: all, once the burst is worked off."""
    role = stage.outputs("auth")["MachineClientRoleArn"]
    found = stage.signed("GET", f"/stats/{user}", role_arn=role).json()
    return int(found["total"]["workouts"])


def main() -> int:
    """Measure; 1 where a call was not answered as it must."""
    parser = argparse.ArgumentParser(description="Latency of parallel POST /workouts, beside GET /health.")
    parser.add_argument("--calls", type=int, default=100, help="parallel calls (default %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="bursts after the warm-up (default %(default)s)"
    )
    options = parser.parse_args()
    stage = Stage(os.environ.get("WOTR_STAGE", "dev"))
    print(f"{options.rounds + 1} bursts of {options.calls}, each worked off before the next", flush=True)
    table = Table("burst", "p50 ms", "p95 ms", "calls/s", "p50 ÷ health", title=f"{options.calls} at once")
    for round_ in range(options.rounds + 1):
        user = f"bench-{secrets.token_hex(6)}"
        signed = posts(stage, user, options.calls)
        idle, _, _ = burst([lambda: stage.call("GET", "/health")] * options.calls)
        waits, statuses, seconds = burst([each.send for each in signed])
        if set(statuses) != {202}:
            print(f"not all accepted: {sorted(set(statuses))}", file=sys.stderr)
            return 1
        p50 = statistics.median(waits)
        table.add_row(
            f"{round_}" if round_ else "warm-up",
            f"{p50:.0f}",
            f"{statistics.quantiles(waits, n=20)[-1]:.0f}",
            f"{options.calls / seconds:.0f}",
            f"{p50 / statistics.median(idle):.2f}",
        )
        while counted(stage, user) < options.calls:
            time.sleep(0.2)
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
