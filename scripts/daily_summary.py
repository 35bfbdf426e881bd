"""Make the daily summary of a stage by hand, and show it.

    daily_summary                               last night's run again: yesterday, and what changed since
    daily_summary --day 2026-11-24              that day alone
    daily_summary --day 2026-11-01 --through 2026-11-24

Days are in UTC and must be over. A summary that is right already is not written again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from nightly.call import call
from nightly.tables import table
from rich.console import Console
from rich.progress import track

from stage_client import Stage, StageError

SUMS = ("workouts", "athletes", "minutes", "calories", "distanceM")
console = Console(highlight=False, soft_wrap=True, markup=False)


def show(report: dict[str, Any]) -> None:
    """One report: the day's totals, then by type and by source."""
    rows = [("everything", report["totals"])]
    rows += [(f"type {name}", sums) for name, sums in report["byType"].items()]
    rows += [(f"source {name}", sums) for name, sums in report["bySource"].items()]
    console.print(f"\n{report['day']} (UTC)", style="bold")
    table(
        console,
        ("", *SUMS),
        [(name, *(f"{sums[each]:,}" for each in SUMS)) for name, sums in rows],
    )


def days(first: date, last: date) -> Iterator[date]:
    """From the first to the last, both included."""
    while first <= last:
        yield first
        first += timedelta(days=1)


def one_night(function: str) -> dict[str, Any]:
    """Do what a night does, and say what was put right."""
    with console.status("summing up yesterday and what changed since"):
        answer = call(function, {})
    show(answer["report"])
    console.print(f"written: {', '.join(answer['written']) or 'none, all were right'}")
    if answer["waiting"]:
        console.print(f"left for the next night: {len(answer['waiting'])} days")
    return answer


def chosen_days(function: str, first: date, last: date) -> dict[str, Any]:
    """Make each day alone, and show it."""
    chosen = list(days(first, last))
    answers = [
        call(function, {"day": day.isoformat()})
        for day in track(chosen, "summing up", console=console, disable=not console.is_terminal)
    ]
    for answer in answers:
        show(answer["report"])
    written = sum(len(answer["written"]) for answer in answers)
    console.print(f"{written} of {len(chosen)} written, the others were right")
    return answers[-1]


def main() -> int:
    """Make and show what was asked for; 0 where it was done."""
    options = _options()
    try:
        function = Stage(options.stage).outputs("analytics")["DailySummaryFunctionArn"]
        if options.day is None:
            answer = one_night(function)
        else:
            answer = chosen_days(function, options.day, options.through or options.day)
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    console.print(f"Next: aws s3 cp s3://{answer['bucket']}/{answer['key']} -")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="daily_summary", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    parser.add_argument("--day", type=_day, metavar="YYYY-MM-DD", help="this day alone")
    parser.add_argument("--through", type=_day, metavar="YYYY-MM-DD", help="from --day to this day")
    options = parser.parse_args()
    if options.through and (options.day is None or options.through < options.day):
        parser.error("--through needs a --day that is not after it")
    return options


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no date: write it as 2026-11-24") from None
    if day >= datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"{text} is not over: by UTC it is {datetime.now(UTC):%F %H:%M}")
    return day


if __name__ == "__main__":
    sys.exit(main())
