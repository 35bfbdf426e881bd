"""GET /me/export: everything an athlete has, as a stream of text that never is in memory as a whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Literal

from wotr_common import exports
from wotr_common.exports import Exported
from wotr_common.items import session_from_item, workout_from_item
from wotr_common.problems import unavailable
from wotr_common.workout import Instant, Record

Format = Literal["csv", "json"]
CONTENT_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# Lambda answers with at most 6 MB, counted after the text has become a JSON string.
ANSWERED_BYTES = 5_000_000
PART_BYTES = 8 * 1024 * 1024  # S3 takes parts from 5 MiB on, and 10,000 of them
_CHUNK = 64 * 1024  # characters
Item = Mapping[str, Any]


class ExportLink(Record):
    """Where an export too large for an answer can be fetched, by whoever has the link."""

    url: str
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Begun:
    """The beginning of an export, and what is to follow; `rest` is None where that is all."""

    text: str
    rest: Iterator[str] | None


def exported_sessions(items: Iterable[Item], workouts: Mapping[str, Item]) -> Iterator[Exported]:
    """The objects of sessions; `workouts` are the items of theirs, by workout id."""
    for item in items:
        session = session_from_item(item)
        found = workouts.get(session.workout_id or "")
        own = found is not None and found.get("sessionId") == session.session_id
        workout = workout_from_item(found) if found is not None and own else None
        yield exports.exported_session(session, workout, date_only=bool(item.get("dateOnly")))


def exported_workouts(items: Iterable[Item]) -> Iterator[Exported]:
    """The objects of workouts, without those that their sessions bring."""
    for item in items:
        workout = workout_from_item(item)
        if workout.session_id is None:
            yield exports.exported_workout(workout)


def chunks(found: Iterable[Exported], form: Format) -> Iterator[str]:
    """The export's text, in pieces of some 64 KiB or one object, whichever is more."""
    pieces = _csv(found) if form == "csv" else _json(found)
    buffer: list[str] = []
    size = 0
    for piece in pieces:
        buffer.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield "".join(buffer)
            buffer.clear()
            size = 0
    yield "".join(buffer)


def begin(text: Iterator[str], most: int = ANSWERED_BYTES) -> Begun:
    """As much of `text` as fits an answer of `most` bytes, and one piece more where there is one."""
    taken: list[str] = []
    size = 0
    for piece in text:
        taken.append(piece)
        size += len(json.dumps(piece))
        if size > most:
            return Begun("".join(taken), text)
    return Begun("".join(taken), None)


def parts(begun: Begun, size: int = PART_BYTES) -> Iterator[bytes]:
    """The whole export in UTF-8, each part but the last of `size` bytes."""
    buffer = bytearray()
    for piece in chain([begun.text], begun.rest or ()):
        buffer += piece.encode()
        while len(buffer) > size:
            yield bytes(buffer[:size])
            del buffer[:size]
    yield bytes(buffer)


def in_time(found: Iterable[Exported], remaining_ms: Callable[[], int], spare_ms: int) -> Iterator[Exported]:
    """`found` while more than `spare_ms` remain; then Problem 503, rather than a call that is cut off."""
    for exported in found:
        if remaining_ms() < spare_ms:
            raise unavailable("your history did not fit into the time of one call; ask again", 60)
        yield exported


def file_name(form: Format, today: date) -> str:
    """What the file is called where it is saved."""
    return f"wotr-{today}.{form}"


class _Echo:
    """What the csv module writes to: it gives the line back."""

    @staticmethod
    def write(line: str) -> str:
        return line


def _csv(found: Iterable[Exported]) -> Iterator[str]:
    writer = csv.writer(_Echo)
    yield writer.writerow(exports.COLUMNS)
    for exported in found:
        for row in exports.to_rows(exported):
            yield writer.writerow(row)


def _json(found: Iterable[Exported]) -> Iterator[str]:
    yield exports.JSON_FIRST_LINE + "\n"
    before = ""
    for exported in found:
        yield before + exports.to_json(exported)
        before = ",\n"
    yield ("\n" if before else "") + exports.JSON_LAST_LINE + "\n"
