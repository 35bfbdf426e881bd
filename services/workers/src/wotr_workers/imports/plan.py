"""What is new: a row beside what is stored at its start. Plain functions, no AWS.

Identity is user and start; content is another thing, told by its hash. Each stored item names the very row
that made it (`importRow`), so that an import that was interrupted counts the same when it is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from wotr_common.items import workout_item
from wotr_workers.imports.admit import Candidate
from wotr_workers.imports.parsed import SetAside
from wotr_workers.workouts import CORRELATION_ID, IMPORT_ROW


class Known(Enum):
    """What a row is that is stored already."""

    NEW = "stored by an earlier try of this very import"
    KNOWN = "stored with the same content"
    CHANGED = "stored with other content, which stays as it is"


def candidate_item(candidate: Candidate, upload_version: str, shards: int) -> dict[str, Any]:
    """The item of a row of the upload whose version is `upload_version`."""
    return {
        **workout_item(candidate.workout, shards),
        CORRELATION_ID: candidate.workout.import_id,
        IMPORT_ROW: f"{candidate.workout.import_id}/{upload_version}:{candidate.line}",
    }


def compared(line: int, item: Mapping[str, Any], stored: Mapping[str, Any]) -> Known | SetAside:
    """What `item` of `line` is beside `stored`, the item with the same start."""
    if stored.get(IMPORT_ROW) == item[IMPORT_ROW]:
        return Known.NEW
    if stored.get("contentHash") == item["contentHash"]:
        return Known.KNOWN
    upload, _, other_line = str(stored.get(IMPORT_ROW, "")).rpartition(":")
    if upload and upload == item[IMPORT_ROW].rpartition(":")[0]:
        return SetAside(line, "startedAt", f"starts at the same moment as line {other_line}, which was taken")
    ids = (item.get("sourceId"), stored.get("sourceId"))
    if all(ids) and item["source"] == stored.get("source") and ids[0] != ids[1]:
        return SetAside(
            line,
            "startedAt",
            f"starts at the same moment as {stored['source']} activity {ids[1]}, which is stored",
        )
    return Known.CHANGED
