"""Changing and deleting workouts."""

from __future__ import annotations

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import door, headers, ids, uploads
from wotr_api.changing.call import Call
from wotr_common.changes import WorkoutChange

router = door.router()


@router.patch("/me/workouts/<workout_id>")
def patch_my_workout(workout_id: str) -> Response[str]:
    """Change what is said of a workout."""
    call = Call.of(router)
    ids.workout_start(workout_id)
    change = call.change(WorkoutChange)
    uploads.check_photo(change.get("photoKey"), call.athlete)
    workout = call.ask("workout.change", {"workoutId": workout_id, "change": change})
    return door.answer(200, workout, headers.etag(workout.get("version")))


@router.delete("/me/workouts/<workout_id>")
def delete_my_workout(workout_id: str) -> Response[str]:
    """Delete a workout."""
    call = Call.of(router)
    ids.workout_start(workout_id)
    call.ask("workout.delete", {"workoutId": workout_id, "version": call.version()})
    return door.done()
