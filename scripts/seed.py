"""Fill a stage with a few athletes' workouts through the signed API, as a machine client would.

The same options post the same workouts: a second run changes nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from stage_client import Stage, StageError

FIRST_START = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
TYPES = ("run", "ride", "swim", "strength", "yoga")
CALLERS = 8


def workouts(users: int, each: int, seed: int) -> Iterator[dict[str, Any]]:
    """`each` workouts for each of `users` users, spread over the days from the first start on."""
    chance = random.Random(seed)  # noqa: S311 - sample data, nothing secret
    for user in range(users):
        for day in range(each):
            minutes = chance.randint(20, 120)
            yield {
                "userId": f"seed-{user:03d}",
                "type": chance.choice(TYPES),
                "startedAt": (FIRST_START + timedelta(days=day, minutes=chance.randint(0, 900))).isoformat(),
                "durationMin": minutes,
                "caloriesBurned": minutes * chance.randint(5, 12),
                "intensity": chance.choice(("low", "moderate", "high")),
            }


def main() -> int:
    """Post the workouts; 0 where all were accepted."""
    parser = argparse.ArgumentParser(description="Fill a stage with sample workouts through the signed API.")
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    parser.add_argument("--users", type=int, default=5, help="athletes (default %(default)s)")
    parser.add_argument("--each", type=int, default=20, help="workouts of each (default %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="another seed, other workouts (default %(default)s)"
    )
    options = parser.parse_args()
    try:
        stage = Stage(options.stage)
        role = stage.outputs("auth")["MachineClientRoleArn"]
        with ThreadPoolExecutor(CALLERS) as callers:
            answers = list(
                callers.map(
                    lambda body: stage.signed("POST", "/workouts", body, role_arn=role),
                    workouts(options.users, options.each, options.seed),
                )
            )
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    refused = [answer for answer in answers if answer.status != 202]
    print(f"{len(answers) - len(refused)} of {len(answers)} workouts accepted by {stage.api_url}")
    if refused:
        print(f"first refusal: {refused[0].status} {refused[0].text}", file=sys.stderr)
        return 1
    print("Next: ask for one athlete's totals with a signed GET /stats/seed-000")
    return 0


if __name__ == "__main__":
    sys.exit(main())
