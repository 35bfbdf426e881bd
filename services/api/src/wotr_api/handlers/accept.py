"""POST /workouts and POST /me/workouts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import bodies, callers, door, headers, uploads
from wotr_api.accept import Acceptor, MachineWorkout
from wotr_api.clients import AWS_FAILURES, client
from wotr_api.queue import WorkoutQueue
from wotr_common.limits import LimitsError, LimitsReader
from wotr_common.observability import annotate_span, logger, metrics
from wotr_common.settings import Settings
from wotr_common.workout import WorkoutFields


class AcceptSettings(Settings):
    """What `accept` is told by its environment."""

    workout_queue_url: str
    limits_path: str
    idempotency_table: str


settings = AcceptSettings.load()
app = door.resolver(dependencies=(*AWS_FAILURES, LimitsError))


@app.post("/workouts")
def post_workout() -> Response[str]:
    """A machine sends a workout for somebody."""
    event = app.current_event.raw_event
    caller = callers.machine(event)
    workout = bodies.parse(MachineWorkout, event)
    return _accept(caller, workout.user_id, workout.fields(), "workouts/{userId}/{workoutId}")


@app.post("/me/workouts")
def post_my_workout() -> Response[str]:
    """An athlete sends one of their own."""
    event = app.current_event.raw_event
    athlete = callers.athlete(event)
    workout = bodies.parse(WorkoutFields, event)
    uploads.check_photo(workout.photo_key, athlete)
    return _accept(athlete, athlete, workout, "workouts/{workoutId}")


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)


def _accept(caller: str, user_id: str, workout: WorkoutFields, location: str) -> Response[str]:
    annotate_span(user_id=user_id)
    key = headers.idempotency_key(app.current_event.raw_event)

    def work() -> dict[str, Any]:
        accepted = _acceptor().accept(user_id, workout, logger.get_correlation_id() or "")
        return accepted.model_dump(mode="json", by_alias=True)

    accepted = work() if key is None else _once(caller, key, user_id, workout, work)
    # Relative to the call's own address, so it holds behind a stage, a custom domain and a base path alike.
    place = location.format(userId=quote(user_id, safe="@:"), workoutId=accepted["workoutId"])
    return door.answer(202, accepted, {"Location": place})


def _once(caller: str, key: str, user_id: str, workout: WorkoutFields, work: Any) -> dict[str, Any]:
    from wotr_api.idempotency import Call  # noqa: PLC0415 - 40 ms that only callers with a key pay

    payload = {
        "userId": user_id,
        "workout": workout.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    answer: dict[str, Any] = _remembered().run(Call(caller, key, payload), work, app.lambda_context)
    return answer


@cache
def _acceptor() -> Acceptor:
    return Acceptor(
        limits=LimitsReader(client("ssm"), settings.limits_path).get,
        queue=WorkoutQueue(client("sqs"), settings.workout_queue_url),
        now=lambda: datetime.now(UTC),
    )


@cache
def _remembered() -> Any:
    from wotr_api.idempotency import Once  # noqa: PLC0415 - as above

    return Once(client("dynamodb"), settings.idempotency_table)
