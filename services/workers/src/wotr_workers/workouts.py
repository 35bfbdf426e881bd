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
CHANGED_ROW = "changedRow"  # which row changed it last
SOURCE_HASH = "sourceHash"  # of what the import's row said when it was made or last changed
CONTENT_HASH = "contentHash"  # of what is stored
OWN_REF = "ownRef"  # of a workout: sort key of the item that says which of its app's ids it has
REFS = "refs"  # of a workout: sort keys of the items that say which of an app's ids mean it, its own too
DATE_ONLY = "dateOnly"  # true: only the date is known, the start is made up
EDITED_AT = "editedAt"  # when an athlete changed it: imports leave it alone from then on
LAST_UPLOAD = "lastUpload"  # of a session: what the last upload that touched it has done to it so far
COMMAND_IDS = "commandIds"  # of a session: the commands that were applied to it, the last ones of them
WORKOUT_SAYS = "workoutSays"  # of a session: what only its workout says, by the names in WORKOUT_ONLY
WORKOUT_ONLY = ("distance_m", "intensity", "photo_key")
# Attributes of the item of an app's id.
SAID = "said"  # the item that its row would have made, had another source not made the workout before


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
