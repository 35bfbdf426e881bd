"""Look into the dead-letter queues of a stage, and send what lies there back to where it failed.

    redrive list                                  every dead-letter queue, and how much it holds
    redrive show workers.WorkoutDeadLetterQueue   the messages, with their reasons
    redrive run  workers.WorkoutDeadLetterQueue --reason throttl --dry-run
    redrive drop workers.WorkoutDeadLetterQueue --id 1f0c… --to poison.jsonl

Filters are joined by "and". A message leaves its queue only after its way back was taken, so that one may go
twice and none is lost: every consumer takes a message twice as well as once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from redriving.letters import Letter, Wanted, duration
from redriving.post import NotDelivered, Post
from redriving.queues import LastQueue, Queues
from redriving.ways import Way, way
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from stage_client import StageError

AT_ONCE = 8
SHOWN = 20
PIPE_WIDTH = 160
console = Console(
    highlight=False, soft_wrap=True, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH
)


def show_queues(queues: Queues, _options: argparse.Namespace) -> int:
    """Every dead-letter queue with what it holds; the next step for those that hold something."""
    found = queues.last()
    _table(
        ("queue", "waiting", "in flight", "goes back to"),
        [(queue.name, str(queue.waiting), str(queue.in_flight), _fillers(queue)) for queue in found],
    )
    full = [queue for queue in found if queue.waiting]
    if full:
        console.print(f"Next: redrive show {full[0].name}")
    else:
        console.print("Nothing was set aside.")
    return 0


def show_letters(queues: Queues, options: argparse.Namespace) -> int:
    """The chosen messages of one queue; they stay in it."""
    queue = queues.one(options.queue)
    chosen, held = _chosen(queues, queue, options)
    queues.let_go(queue, held)
    for letter in chosen[:SHOWN]:
        console.print(f"{letter.message_id}  {letter.sent:%Y-%m-%d %H:%M:%S}Z", style="bold")
        console.print(f"  reason       {letter.reason}")
        console.print(f"  correlation  {letter.correlation_id}")
        console.print(f"  goes to      {way(letter, queue.fillers)}")
        console.print(f"  body         {letter.body if options.whole else _short(letter.body)}")
    if len(chosen) > SHOWN:
        console.print(f"… and {len(chosen) - SHOWN} more")
    console.print(f"{len(chosen)} of {len(held)} messages in {queue.name}")
    if chosen:
        console.print(f"Next: redrive run {queue.name} --dry-run, with the same filters")
    return 0


def run(queues: Queues, options: argparse.Namespace) -> int:
    """Send the chosen messages back; 1 where one did not go its way and stayed."""
    queue = queues.one(options.queue)
    chosen, held = _chosen(queues, queue, options)
    if options.dry_run:
        queues.let_go(queue, held)
        for letter in chosen:
            console.print(f"{letter.message_id}  would go to {way(letter, queue.fillers)}")
        console.print(f"{len(chosen)} of {len(held)} messages would leave {queue.name}; nothing was done")
        return 0
    post = Post(queues.session)

    def send(letter: Letter, back: Way) -> None:
        post.deliver(back)
        queues.delete(queue, letter)

    stayed = _each(chosen, lambda letter: send(letter, way(letter, queue.fillers)), "sending back")
    gone = {letter.message_id for letter in chosen} - stayed.keys()
    queues.let_go(queue, (letter for letter in held if letter.message_id not in gone))
    for message_id, why in stayed.items():
        console.print(f"{message_id}  stays: {why}", style="red")
    console.print(f"{len(gone)} of {len(held)} messages sent back from {queue.name}")
    console.print("Next: redrive list, in a minute: what fails again comes back with its reason")
    return 1 if stayed else 0


def drop(queues: Queues, options: argparse.Namespace) -> int:
    """Write the chosen messages to a file, then take them out of the queue."""
    queue = queues.one(options.queue)
    chosen, held = _chosen(queues, queue, options)
    with options.to.open("a", encoding="utf-8") as file:
        for letter in chosen:
            kept = {"queue": queue.name, "id": letter.message_id, "sent": letter.sent.isoformat()}
            kept |= {"attributes": dict(letter.attributes), "body": letter.body}  # type: ignore[dict-item]
            file.write(json.dumps(kept) + "\n")
    stayed = _each(chosen, lambda letter: queues.delete(queue, letter), "taking out")
    gone = {letter.message_id for letter in chosen} - stayed.keys()
    queues.let_go(queue, (letter for letter in held if letter.message_id not in gone))
    console.print(f"{len(gone)} of {len(held)} messages of {queue.name} are in {options.to} now")
    console.print(f"Next: keep {options.to} until you know that nobody misses them")
    return 1 if stayed else 0


def _chosen(
    queues: Queues, queue: LastQueue, options: argparse.Namespace
) -> tuple[list[Letter], list[Letter]]:
    """The letters that the filters mean, at most as many as asked for, and all that are held for it."""
    wanted = Wanted(
        options.id, options.reason, options.contains, options.correlation_id, options.older, options.newer
    )
    now = datetime.now(UTC)
    with console.status(f"reading {queue.name}"):
        held = list(queues.letters(queue))
    meant = (letter for letter in sorted(held, key=lambda each: each.sent) if wanted.takes(letter, now))
    return list(islice(meant, options.limit)), held


def _each(letters: list[Letter], work: Callable[[Letter], None], what: str) -> dict[str, str]:
    """Do `work` for each letter, some at once; why for each that it was not done for."""
    stayed: dict[str, str] = {}

    def one(letter: Letter) -> None:
        try:
            work(letter)
        except (NotDelivered, ClientError, BotoCoreError) as error:
            stayed[letter.message_id] = str(error)

    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=len(letters))
        with ThreadPoolExecutor(AT_ONCE) as workers:
            for _ in workers.map(one, letters):
                progress.advance(task)
    return stayed


def _fillers(queue: LastQueue) -> str:
    names = [f"queue {_last(arn)}" for arn in queue.fillers.queues]
    names += [f"function {_last(reader.function_arn)}" for reader in queue.fillers.readers]
    names += [f"function {_last(arn)}" for arn in queue.fillers.functions]
    return ", ".join(dict.fromkeys(names)) or "what each message says"


def _last(arn: str) -> str:
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else parts[-1]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else line[:119] + "…"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if console.is_terminal:
        table = Table(*head)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        console.print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="redrive", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="every dead-letter queue, and how much it holds").set_defaults(
        command=show_queues
    )
    for name, command, text in (
        ("show", show_letters, "the messages of one, with their reasons; they stay there"),
        ("run", run, "send messages back to where they failed"),
        ("drop", drop, "write messages to a file and take them out"),
    ):
        found = commands.add_parser(name, help=text, description=text)
        found.add_argument("queue", metavar="QUEUE", help="as list shows it, with or without its stack")
        _filters(found)
        found.set_defaults(command=command)
        if command is show_letters:
            found.add_argument("--whole", action="store_true", help="show bodies whole")
        if command is run:
            found.add_argument("--dry-run", action="store_true", help="only say what would go where")
        if command is drop:
            found.add_argument(
                "--to", type=Path, required=True, metavar="FILE", help="JSON lines are added to it"
            )
    return parser


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--id", action="append", default=[], help="this message (may be repeated)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="those whose reason contains it")
    parser.add_argument("--contains", default="", metavar="TEXT", help="those whose body contains it")
    parser.add_argument("--correlation-id", default="", metavar="ID", help="those of one call or import")
    parser.add_argument(
        "--older", type=_duration, metavar="2h", help="those that came here longer ago than that"
    )
    parser.add_argument("--newer", type=_duration, metavar="15m", help="those that came here since")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many, the oldest first")


def _duration(text: str) -> object:
    try:
        return duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main() -> int:
    """Do what the command says; 0 where it was done."""
    options = _parser().parse_args()
    try:
        return int(options.command(Queues(options.stage), options))
    except StageError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
