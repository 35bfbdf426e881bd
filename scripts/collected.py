"""Look at the HTTP requests that a stage's collector recorded.

    collected                                the newest of today
    collected --day 2026-11-24 --limit 100   of another day (UTC)
    collected --path /hooks/ --method POST   only those
    collected --id JKJaXmPLvHcESHA=          one of them whole, as JSON

The list goes to standard output, newest first; what to do next goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from stage_client import Stage, StageError

PIPE_WIDTH = 160
HEAD = ("received", "method", "path", "source", "bytes", "request id")
console = Console(
    highlight=False, soft_wrap=True, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH
)
notes = Console(stderr=True, highlight=False, markup=False)
_deserialize = TypeDeserializer().deserialize


def main() -> int:
    """Show them; 1 where the one asked for is not there, 2 where nothing could be read."""
    options = _parser().parse_args()
    try:
        table = Stage(options.stage).outputs("analytics")["DynamoDBTableName"]
        return show_one(table, options.id) if options.id else show_day(table, options)
    except (StageError, ClientError, BotoCoreError) as error:
        notes.print(f"collected: {error}")
        return 2


def show_one(table: str, request_id: str) -> int:
    """One request, whole."""
    found = boto3.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="requestId = :id",
        ExpressionAttributeValues={":id": {"S": request_id}},
    )["Items"]
    if not found:
        notes.print(f"No request {request_id}: it was never recorded, or it is older than requests are kept.")
        return 1
    console.print(json.dumps(_plain(found[0]), indent=2, ensure_ascii=False, default=int))
    return 0


def show_day(table: str, options: argparse.Namespace) -> int:
    """A day's requests, newest first."""
    with notes.status(f"reading {options.day}"):
        chosen = list(islice(_of_day(table, options), options.limit))
    _table([_row(item) for item in chosen])
    if chosen:
        notes.print(f"Next: collected --id {chosen[0]['requestId']}")
    else:
        notes.print(f"Nothing of {options.day} (UTC) fits. Next: collected --day YYYY-MM-DD")
    return 0


def _of_day(table: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    pages = (
        boto3.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            IndexName="ByDay",
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={":day": {"S": str(options.day)}},
            ScanIndexForward=False,
        )
    )
    for page in pages:
        for item in map(_plain, page["Items"]):
            if options.path in item["path"] and item["method"] == (options.method or item["method"]):
                yield item


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}


def _row(item: Mapping[str, Any]) -> tuple[str, ...]:
    omitted = f" ({item['bodyOmitted']})" if "bodyOmitted" in item else ""
    return (
        item["receivedAt"],
        item["method"],
        item["path"],
        item["source"],
        f"{item['bodyBytes']}{omitted}",
        item["requestId"],
    )


def _table(rows: list[tuple[str, ...]]) -> None:
    if console.is_terminal:
        table = Table(*HEAD)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    for row in rows:
        console.print("  ".join(row))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="collected", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", default="dev", choices=("dev", "prod"), help="default %(default)s")
    parser.add_argument("--id", help="show this request whole, with its body")
    parser.add_argument(
        "--day",
        type=date.fromisoformat,
        default=datetime.now(UTC).date(),
        help="whose requests to list, as 2026-11-24, in UTC (default: today)",
    )
    parser.add_argument("--path", default="", help="only paths with this in them")
    parser.add_argument("--method", type=str.upper, help="only this method; RUN is the daily run")
    parser.add_argument("--limit", type=int, default=20, help="list at most so many (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
