"""Events as rows of the lake, and rows merged into what is there. Plain functions, no AWS.

A row is one line of JSON that begins with the time and the id of its event, both of fixed length. So lines
in the order of their bytes are in the order of time and id, and merging needs no parsing: memory stays that
of one batch, however long the day was. The same events give the same bytes, in whatever order and however
often they came.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from typing import IO

from wotr_common.events import WorkoutEvent

# {"occurred_at":"2026-11-16T06:30:00.000Z","id":"ca7ae0a7-166d-51d2-bf1d-6a5f8391de3a"
_IDENTITY = len('{"occurred_at":""') + 24 + len(',"id":""') + 36
_LEVEL = 6  # written down, because another level gives other bytes


def row(event: WorkoutEvent) -> bytes:
    """The event's line, its line break included.

    What a query never asks for stays out: the correlation id is in the archive of the bus.
    """
    said = event.model_dump(mode="json", exclude_none=True)
    fields = {
        "occurred_at": said["occurred_at"],
        "id": said["id"],
        "event": event.name,
        "user_id": event.user_id,
        **said["data"],
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def date_of(event: WorkoutEvent) -> str:
    """The partition of the event: the day it occurred on, in UTC. A history imported today is of today."""
    return event.occurred_at.date().isoformat()


def identity(line: bytes) -> bytes:
    """When the row's event occurred and which it is: the part of the line that no other event has."""
    return line[:_IDENTITY]


def merged(old: Iterable[bytes], new: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The lines of both in order, each event once, with whether it was not among the `old`.

    `old` is in order, as all that this function gives; `new` may be in any order and hold an event twice.
    """
    waiting = sorted({identity(line): line for line in new}.items(), reverse=True)
    for line in old:
        mark = identity(line)
        while waiting and waiting[-1][0] < mark:
            yield waiting.pop()[1], True
        if waiting and waiting[-1][0] == mark:
            waiting.pop()
        yield line, False
    while waiting:
        yield waiting.pop()[1], True


def packed(lines: Iterable[bytes], out: IO[bytes]) -> None:
    """Write `lines` to `out` as gzip that says neither when nor under which name it was made."""
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0, compresslevel=_LEVEL) as file:
        file.writelines(lines)


def unpacked(packed: IO[bytes]) -> Iterator[bytes]:
    """The lines of what `packed` wrote, one after the other."""
    with gzip.GzipFile(mode="rb", fileobj=packed) as file:
        yield from file
