"""Bring the athletes' notes under the KMS key that the stage's alias names, after it was moved to another.

    reencrypt --look     which keys notes are under, by count; changes nothing
    reencrypt            brings all of them under the key behind alias/wotr-<stage>-notes

The work is done by a function of the workers service, so that whoever runs this needs no permission to read a
note. Everybody may go on using the platform meanwhile. A run that was interrupted is begun again: what is
under the key already is left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import Progress

from stage_client import Stage, StageError

SEGMENTS = 4
COUNTS = ("seen", "moved", "sealed", "contended", "unreadable")
# A stretch takes seconds; the function's own limit is a minute.
PATIENT = Config(read_timeout=70, retries={"mode": "standard", "total_max_attempts": 4})
console = Console(highlight=False, soft_wrap=True, markup=False)

Ask = Callable[[Mapping[str, Any]], dict[str, Any]]


def whole(ask: Ask, segments: int, told: Callable[[int], None]) -> tuple[Counter[str], Counter[str]]:
    """Ask for stretch after stretch of every segment; the counts, and what is left by key."""
    with ThreadPoolExecutor(segments) as pool:
        parts = list(pool.map(lambda segment: _segment(ask, segment, segments, told), range(segments)))
    return sum((part[0] for part in parts), Counter()), sum((part[1] for part in parts), Counter())


def _segment(
    ask: Ask, segment: int, segments: int, told: Callable[[int], None]
) -> tuple[Counter[str], Counter[str]]:
    counts: Counter[str] = Counter()
    under: Counter[str] = Counter()
    after: Mapping[str, str] | None = None
    while True:
        answer = ask({"segment": segment, "segments": segments, "after": after})
        counts.update({name: answer[name] for name in COUNTS})
        under.update(answer["under"])
        told(answer["seen"])
        after = answer["after"]
        if after is None:
            return counts, under


def asking(function: str, kms_key: str, *, look_only: bool) -> Ask:
    """Calls the function; StageError with its reason where it failed."""
    functions = boto3.client("lambda", config=PATIENT)

    def ask(stretch: Mapping[str, Any]) -> dict[str, Any]:
        payload = json.dumps({**stretch, "keyId": kms_key, "lookOnly": look_only}).encode()
        answer = functions.invoke(FunctionName=function, Payload=payload)
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise StageError(f"a stretch failed: {said.get('errorType')}: {said.get('errorMessage')}")
        return said

    return ask


def key_behind(alias: str) -> str:
    """The id of the key that `alias` names."""
    return str(boto3.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["KeyId"])


def say(counts: Counter[str], under: Counter[str], kms_key: str, *, look_only: bool) -> int:
    """What came of it, and what to do next; 1 where something is left to do."""
    console.print(f"{counts['seen']} items looked at; the alias names key {kms_key}")
    if not look_only:
        console.print(f"{counts['moved']} brought under it, {counts['sealed']} sealed that were in the clear")
    for name, count in sorted(under.items()):
        where = "in the clear" if name == "none" else f"under key {name}"
        console.print(f"{count} items with notes {where}")
    if counts["contended"]:
        console.print(f"{counts['contended']} were changed by others all the time")
    if counts["unreadable"]:
        console.print(
            f"{counts['unreadable']} cannot be read and were left as they are: somebody changed them, or "
            "the key's permission is missing. The function's log names them"
        )
    if look_only and under:
        console.print("Next: reencrypt")
    elif under:
        console.print("Next: reencrypt, again")
    else:
        console.print(
            "No item names another key. Next: processes keep data keys for five minutes, so look once more "
            "after that, with reencrypt --look; then disable the old key, and delete it when nobody has "
            "missed it and no backup needs it"
        )
    return 1 if under and not look_only else 0


def main() -> int:
    """Look at, or bring over, every item; 0 where nothing is left to do, else 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    parser.add_argument("--look", action="store_true", help="only count which keys notes are under")
    parser.add_argument(
        "--segments",
        type=int,
        default=SEGMENTS,
        choices=range(1, 65),
        metavar="1-64",
        help="parts of the table that are worked on at once (default %(default)s)",
    )
    options = parser.parse_args()
    try:
        stage = Stage(options.stage)
        kms_key = key_behind(stage.outputs("platform")["NotesKeyAlias"])
        function, table = (
            stage.outputs("workers")["ReencryptFunctionArn"],
            stage.outputs("data")["WorkoutsTableName"],
        )
        # Counted by DynamoDB every six hours: as good as a bar needs it.
        total = boto3.client("dynamodb").describe_table(TableName=table)["Table"]["ItemCount"]
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("looking" if options.look else "re-encrypting", total=total or None)
            counts, under = whole(
                asking(function, kms_key, look_only=options.look),
                options.segments,
                lambda seen: progress.advance(bar, seen),
            )
    except (StageError, BotoCoreError, ClientError) as error:
        print(f"reencrypt: {error}", file=sys.stderr)
        return 1
    return say(counts, under, kms_key, look_only=options.look)


if __name__ == "__main__":
    sys.exit(main())
