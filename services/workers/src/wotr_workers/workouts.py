"""A workout on its way into the table: where it came from, and its item. Plain functions, no AWS."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wotr_common import keys, versions
from wotr_common.items import workout_item
from wotr_common.messages import AcceptedWorkout
from wotr_common.workout import Source, Workout, WorkoutFields

# Attributes of the items beside the workout or session itself.
CORRELATION_ID = "correlationId"
IMPORT_ID = "importId"  # which import made it
IMPORT_ROW = "importRow"  # which row of which of its uploads
CHANGED_BY = "changedBy"  # which other import changed it last
CHANGED_ROW = "changedRow"  # by which row
SOURCE_HASH = "sourceHash"  # of what the import's row said when it was made or last changed
CONTENT_HASH = "contentHash"  # of what is stored
REFS = (
    "refs"  # of a workout: sort keys of the items that say which of an app's ids, or which session, means it
)
DATE_ONLY = "dateOnly"  # true: only the date is known, the start is made up
EDITED_AT = "editedAt"  # when an athlete changed it: imports leave it alone from then on
LAST_UPLOAD = "lastUpload"  # of a session: what its last import had done to it so far
COMMAND_IDS = "commandIds"  # of a session: the commands that were applied to it, the last ones of them
# Attributes of the item of an app's id.
TARGET = "target"  # sort key of the workout that it means
SAID = "said"  # item that its row would have made, where the workout is another source's


def first_version(
    fields: WorkoutFields,
    *,
    user_id: str,
    created_at: datetime,
    source: Source,
    warnings: tuple[str, ...] = (),
    source_id: str | None = None,
    import_id: str | None = None,
    version: int = 1,
) -> Workout:
    """The workout as it is stored for the first time; its id follows from its start."""
    return Workout.model_validate(
        {
            **fields.model_dump(include=set(WorkoutFields.model_fields)),
            "user_id": user_id,
            "workout_id": keys.workout_id(fields.started_at),
            "version": version,
            "source": source,
            "source_id": source_id,
            "import_id": import_id,
            "created_at": created_at,
            "warnings": warnings,
        }
    )


def accepted_item(accepted: AcceptedWorkout, shards: int, now: datetime) -> dict[str, Any]:
    """The item of a workout that api accepted, written `now`.

    It is not judged again: what was accepted is stored, whatever the limits have become meanwhile.
    """
    workout = first_version(
        accepted.workout,
        user_id=accepted.user_id,
        created_at=accepted.accepted_at,
        source="api",
        warnings=accepted.warnings,
        version=versions.first_version(now),
    )
    return {**workout_item(workout, shards), CORRELATION_ID: accepted.correlation_id}
