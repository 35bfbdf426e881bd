"""Clean a stage up by hand: what should have expired by now and has not.

    clean_up --dry-run    count it
    clean_up              remove it

Uploads, logs, idempotency records and recorded requests. On AWS lifecycles and times to live remove them, and
this finds nothing; a count that is not zero says that one of those does not work.
"""

from __future__ import annotations

import argparse
import sys

from nightly.call import call
from nightly.tables import table
from rich.console import Console

from stage_client import Stage, StageError

console = Console(highlight=False, soft_wrap=True, markup=False)
PLACES = {
    "Uploads": "uploads, 30 days old",
    "AccessLogs": "access logs of buckets, 90 days old",
    "ApiLogs": "access logs of the collector, 90 days old",
    "IdempotencyRecords": "idempotency records past their time",
    "Requests": "recorded requests past their time",
}


def main() -> int:
    """Clean up, or count; 0 where all of it was done."""
    parser = argparse.ArgumentParser(
        prog="clean_up", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    parser.add_argument("--dry-run", action="store_true", help="only count what would go")
    options = parser.parse_args()
    try:
        function = Stage(options.stage).outputs("analytics")["CleanUpFunctionArn"]
        with console.status("counting" if options.dry_run else "cleaning up"):
            answer = call(function, {"dryRun": options.dry_run})
    except StageError as error:
        print(error, file=sys.stderr)
        return 1
    table(
        console,
        ("", "overdue", "removed"),
        [
            (PLACES.get(name, name), str(place["found"]), str(place["removed"]))
            for name, place in answer["places"].items()
        ],
    )
    if not all(place["finished"] for place in answer["places"].values()):
        console.print("Time was up before the end. Next: run it again")
    elif options.dry_run and any(place["found"] for place in answer["places"].values()):
        console.print("Nothing was done. Next: clean_up without --dry-run")
    else:
        console.print("Next: nothing; the stage does this every night at 04:30 UTC")
    return 0


if __name__ == "__main__":
    sys.exit(main())
