"""Imports as their athlete sees them: asked for, running, ended, taken back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import ConfigDict, Field

from wotr_api.paging import Item
from wotr_api.uploads import UploadForm
from wotr_common.changes import ImportRequest
from wotr_common.workout import Instant, Number, Record

MOST_LISTED = 10_000  # no athlete has more; an answer that takes longer helps nobody


class NewImport(ImportRequest):
    """What is said of a file before it is uploaded."""

    content_type: Literal["text/csv", "application/json"] = Field(
        "text/csv", description="application/json for our own JSON export; any other file is text"
    )


class ImportCounts(Record):
    """Rows so far. rows = new + known + setAside; changed and linked are among the known ones."""

    model_config = ConfigDict(extra="ignore")

    rows: int = Field(0, description="rows that carry a workout or a set")
    new: int = 0
    known: int = 0
    changed: int = 0
    linked: int = Field(0, description="the same workout came from another app already")
    set_aside: int = 0
    remarks: int = Field(0, description="rows that carry neither, such as rest timers")


class ImportRecord(Record):
    """One of the records that an import brought."""

    model_config = ConfigDict(extra="ignore")

    kind: str
    subject: str = ""
    label: str = ""
    unit: str = ""
    value: Number | None = None
    previous: Number | None = Field(None, description="the best before it")
    started_at: Instant | None = None
    message: str | None = Field(None, description="all of it in a sentence")


class ImportRecords(Record):
    """How many records an import brought, and the ten that say most."""

    model_config = ConfigDict(extra="ignore")

    count: int = 0
    top: tuple[ImportRecord, ...] = ()


class ImportState(Record):
    """An import: what was asked for, how far it is, what came of it."""

    model_config = ConfigDict(extra="ignore")

    import_id: str
    state: str = Field(description="waiting, running, done, refused, undoing, undone; more may come")
    weight_unit: str | None = None
    distance_unit: str | None = None
    timezone: str | None = None
    requested_at: Instant | None = None
    uploaded_at: Instant | None = None
    ended_at: Instant | None = None
    format: str | None = Field(None, description="as it was recognised from the content")
    counts: ImportCounts | None = Field(None, description="so far, while it runs")
    message: str | None = Field(None, description="what came of it, in a sentence")
    reason: str | None = Field(None, description="why it was refused")
    questions: tuple[str, ...] = Field(
        (), description="what the file does not say and the request must: weightUnit, distanceUnit, timezone"
    )
    set_aside_reasons: dict[str, int] = Field(
        default_factory=dict, description="how many rows were set aside for what"
    )
    records: ImportRecords | None = None


class AskedImport(ImportState):
    """The import waits for its file: post the form within 15 minutes, up to 200 MiB."""

    upload: UploadForm


class SetAsideRow(Record):
    """A row that was not stored, and why."""

    model_config = ConfigDict(extra="ignore")

    line: int = Field(description="in the file, from 1")
    field: str = Field("", description="the column or field; empty where it is the row as a whole")
    reason: str


class SetAsideRows(Record):
    """Rows that were set aside, in the order of the file, and `nextToken` where there are more.

    The first 10,000 are listed; `counts` and `setAsideReasons` of the import tell of all.
    """

    rows: tuple[SetAsideRow, ...]
    next_token: str | None = None


class ImportDetail(ImportState):
    """An import with the first of the rows that it set aside; the others follow under /rows."""

    set_aside_rows: tuple[SetAsideRow, ...] = ()
    next_token: str | None = Field(None, description="for /rows, where there are more")


class ImportPage(Record):
    """Imports, newest first, and `nextToken` where there are more."""

    imports: tuple[ImportState, ...]
    next_token: str | None = None


def new_id(now: datetime) -> str:
    """An id for an import that nobody named; in the order of time."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(5)}"


def request(said: NewImport) -> dict[str, Any]:
    """What workers has to know of it: the settings that were said."""
    return said.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"content_type", "import_id"}
    )


def view(item: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for an import as it is stored or told."""
    return ImportState.model_validate(_plain(item)).model_dump(mode="json", by_alias=True, exclude_none=True)


def row_view(item: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for a row that was set aside."""
    return SetAsideRow.model_validate(_plain(item)).model_dump(mode="json", by_alias=True)


def listed(
    items: Iterable[Item], after: Sequence[str] | None, limit: int
) -> tuple[list[Item], list[str] | None]:
    """At most `limit` imports of `items`, newest first, and the place after which the next page begins.

    Newest by when they were asked for or, where nobody asked, uploaded: ids that callers chose have no order.
    """
    ordered = sorted(items, key=_place, reverse=True)
    rest = ordered if after is None else [each for each in ordered if _place(each) < list(after)]
    return rest[:limit], _place(rest[limit - 1]) if len(rest) > limit else None


def _place(item: Item) -> list[str]:
    return [str(item.get("requestedAt") or item.get("uploadedAt") or ""), str(item["importId"])]


def _plain(value: Any) -> Any:
    """Items' numbers as int where they are whole: what counts is no Decimal."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value
