"""Send what the bus's archive holds of a stretch of time to the read models again.

    replay --from 2026-11-24                                    everything since then
    replay --from 2026-11-24 --to 2026-11-24 --rule lake        one day, to the lake only
    replay --from 2026-11-24T06:00:00Z --to 2026-11-24T07:00:00Z --dry-run

The times are those at which events came to the bus, seconds after the change that they tell of; when a
workout took place does not matter. Consumers take every event twice as well as once, so replaying is safe at
any time, and what is there already stays as it is. Ctrl-C leaves the replay running; the same call follows it
again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from replaying.archive import CONSUMERS, Archive, Replay
from replaying.consumers import Consumer, arrived, consumers, waiting
from replaying.window import ARCHIVED_WITHIN, Window, WindowError, window
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from stage_client import Stage, StageError

PIPE_WIDTH = 160
LOGS_COME_WITHIN_S = 60.0
NOTHING_CAME_WITHIN_S = 15.0
console = Console(
    highlight=False, soft_wrap=True, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH
)


def main(arguments: list[str] | None = None) -> int:
    """Replay and follow; 0 when it is complete and nothing of it was set aside."""
    options = _options(arguments)
    try:
        return _replay(options, Archive(Stage(options.stage)))
    except (WindowError, StageError) as error:
        print(error, file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(f"{error}\nThe same call goes on where this one ended.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nThe replay goes on by itself. Follow it again with the same call.", file=sys.stderr)
        return 130
    return 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    about, _, examples = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="replay",
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    parser.add_argument(
        "--from", required=True, dest="begin", metavar="WHEN", help="date or time, UTC where it has no zone"
    )
    parser.add_argument(
        "--to",
        dest="end",
        metavar="WHEN",
        help="a date is meant to its end, a time itself is left out; default: now",
    )
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="NAME",
        help="only to this rule (views, lake, …); may be repeated; default: all that may hear old news",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be replayed, and where to")
    return parser.parse_args(arguments)


def _replay(options: argparse.Namespace, archive: Archive) -> int:
    chosen = window(options.begin, options.end, datetime.now(UTC))
    known = archive.rules()
    unknown = sorted(set(options.rule) - set(known))
    if unknown:
        raise StageError(f"no rule called {', '.join(unknown)}; {CONSUMERS} has {', '.join(known) or 'none'}")
    rules = {name: arn for name, arn in known.items() if name in options.rule or not options.rule}
    hearers = consumers(rules)
    console.print(f"What came to the bus of {options.stage} from {chosen}, to {', '.join(rules)}")
    _warn(chosen, archive)
    if options.dry_run:
        console.print("Nothing was started. Next: the same without --dry-run")
        return 0
    before = _set_aside(hearers)
    found = archive.running(chosen, rules, any_end=options.end is None)
    time.sleep(
        max(0.0, (chosen.end - datetime.now(UTC)).total_seconds())
    )  # the second that is now, to its end
    replay = found or archive.start(chosen, rules)
    console.print(f"{'following' if found else 'started'} {replay.name}")
    replay = _follow(archive, replay)
    if replay.state != "COMPLETED":
        print(f"{replay.name} ended as {replay.state}. {replay.reason}".rstrip(), file=sys.stderr)
        return 1
    _drain(hearers)
    return _tell(replay, hearers, before)


def _warn(chosen: Window, archive: Archive) -> None:
    now = datetime.now(UTC)
    if now - chosen.end < ARCHIVED_WITHIN:
        console.print("Events of the last ten minutes may not be in the archive yet.", style="yellow")
    if archive.days and (now - chosen.start).days >= archive.days:
        console.print(
            f"The archive keeps events for {archive.days} days; older ones are gone.", style="yellow"
        )


def _follow(archive: Archive, replay: Replay) -> Replay:
    with _progress() as progress:
        bar = progress.add_task(replay.name, total=1.0)
        while replay.running:
            progress.update(bar, completed=replay.share)
            time.sleep(_pause(replay.started))
            replay = archive.replay(replay.name)
        progress.update(bar, completed=1.0)
    if not console.is_terminal:
        console.print(f"{replay.name}: {replay.state}")
    return replay


def _drain(hearers: list[Consumer]) -> None:
    """Wait until the queues are empty twice in a row: SQS counts approximately."""
    began, quiet = datetime.now(UTC), 0
    with console.status("") as status:
        while quiet < 2:
            depth = {each.rule: waiting(each.queue_url) for each in hearers}
            quiet = quiet + 1 if not any(depth.values()) else 0
            status.update("waiting: " + ", ".join(f"{rule} {count}" for rule, count in depth.items()))
            time.sleep(_pause(began))


def _tell(replay: Replay, hearers: list[Consumer], before: dict[str, int]) -> int:
    counted = {each.rule: _settled(partial(arrived, each, replay.name, replay.started)) for each in hearers}
    after = _set_aside(hearers)
    table = Table("rule", "events replayed", "set aside meanwhile", box=None, pad_edge=False)
    for rule, events in counted.items():
        table.add_row(rule, str(events), str(max(0, after[rule] - before[rule])))
    console.print(table)
    if not any(counted.values()):
        console.print("No event of that time was in the archive, or none for these rules.")
    poisoned = [rule for rule in after if after[rule] > before[rule]]
    if poisoned:
        console.print(f"Next: look why events of {', '.join(poisoned)} were set aside: redrive list")
        return 1
    console.print("Complete. Next: ask for what was missing, with a signed GET /stats/USER or a saved query")
    return 0


def _set_aside(hearers: list[Consumer]) -> dict[str, int]:
    return {each.rule: waiting(each.dead_letter_url) if each.dead_letter_url else 0 for each in hearers}


def _settled(count: Callable[[], int]) -> int:
    """What `count` says when it says the same twice: log lines come seconds after what they tell of.

    That nothing was counted is believed a little later.
    """
    began, last = time.monotonic(), -1
    while True:
        found = count()
        patience_s = LOGS_COME_WITHIN_S if found else NOTHING_CAME_WITHIN_S
        if (found and found == last) or time.monotonic() > began + patience_s:
            return found
        last = found
        time.sleep(_pause(datetime.now(UTC)))


def _pause(since: datetime) -> float:
    """Often at first, every few seconds later."""
    return min(5.0, max(0.25, (datetime.now(UTC) - since).total_seconds() / 10))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} % of the window"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


if __name__ == "__main__":
    sys.exit(main())
