"""GET /workouts, GET /workouts/{userId}/{workoutId}, GET /me/workouts and GET /me/workouts/{workoutId}."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, everybody, history, parameters
from wotr_api.clients import AWS_FAILURES, client, table
from wotr_api.page_tokens import PARAMETER, PageTokens, fingerprint
from wotr_api.store import Workouts
from wotr_common import keys
from wotr_common.limits import LimitsError, LimitsReader
from wotr_common.observability import annotate_span, logger, metrics
from wotr_common.problems import Problem
from wotr_common.settings import Settings
from wotr_common.workout import Workout, time_text


class QuerySettings(Settings):
    """What `query` is told by its environment."""

    workouts_table: str
    limits_path: str
    page_token_secret: str


settings = QuerySettings.load()
app = door.resolver(dependencies=(*AWS_FAILURES, LimitsError))


@app.get("/workouts")
def get_workouts() -> Response[str]:
    """Workouts of everybody in a window of time, or one user's history."""
    event = app.current_event.raw_event
    caller = callers.without_session(callers.machine(event))
    asked = parameters.parse(parameters.Everybody, event)
    if asked.user_id is not None:
        return _history(caller, "/workouts", asked.user_id, asked)
    return _everybody(caller, asked)


@app.get("/workouts/<user_id>/<workout_id>")
def get_workout(user_id: str, workout_id: str) -> Response[str]:
    """One workout of anybody."""
    callers.machine(app.current_event.raw_event)
    return _one(callers.named(user_id), workout_id)


@app.get("/me/workouts")
def get_my_workouts() -> Response[str]:
    """The athlete's own history."""
    event = app.current_event.raw_event
    athlete = callers.athlete(event)
    return _history(athlete, "/me/workouts", athlete, parameters.parse(parameters.History, event))


@app.get("/me/workouts/<workout_id>")
def get_my_workout(workout_id: str) -> Response[str]:
    """One of the athlete's own workouts."""
    return _one(callers.athlete(app.current_event.raw_event), workout_id)


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The function's door."""
    return door.handle(app, event, context)


def _one(user_id: str, workout_id: str) -> Response[str]:
    annotate_span(user_id=user_id)
    try:
        found = _workouts().get(user_id, keys.started_at(workout_id))
    except ValueError:
        raise Problem(404, "there is no such workout: an id looks like 20221006T231920000Z") from None
    if found is None:
        raise Problem(
            404, "there is no such workout; one that was just accepted takes a moment to be written"
        )
    return door.answer(200, found.answer())


def _history(caller: str, route: str, user_id: str, asked: parameters.History) -> Response[str]:
    annotate_span(user_id=user_id)
    name = fingerprint(caller, route, asked.filters())
    after = _tokens().read(asked.next_token, name)["after"] if asked.next_token is not None else None
    found, stopped = history.page(
        _workouts(),
        user_id,
        start=asked.start,
        end=asked.end,
        workout_type=asked.type,
        after=after,
        limit=asked.limit,
    )
    return _page(found, {"after": stopped} if stopped else None, name)


def _everybody(caller: str, asked: parameters.Everybody) -> Response[str]:
    name = fingerprint(caller, "/workouts", asked.filters())
    if asked.next_token is None:
        window = everybody.window(asked.start, asked.end, asked.type, datetime.now(UTC))
        position = None
    else:
        said = _tokens().read(asked.next_token, name)
        start, end = (datetime.fromisoformat(said[bound]) for bound in ("from", "to"))
        window = everybody.Window(start, end, asked.type)
        position = everybody.position_of(said)
    found, stopped = everybody.page(_workouts(), window, position, _limits().get().shards, asked.limit)
    bounds = {"from": time_text(window.start), "to": time_text(window.end)}
    return _page(found, bounds | everybody.position_text(stopped) if stopped else None, name)


def _page(found: list[Workout], position: dict[str, Any] | None, name: str) -> Response[str]:
    token = {} if position is None else {PARAMETER: _tokens().issue(position, name)}
    return door.answer(200, {"workouts": [workout.answer() for workout in found], **token})


@cache
def _workouts() -> Workouts:
    return Workouts(table(settings.workouts_table))


@cache
def _limits() -> LimitsReader:
    return LimitsReader(client("ssm"), settings.limits_path)


@cache
def _tokens() -> PageTokens:
    return PageTokens(_secret)


@cache
def _secret() -> str:
    return str(client("secretsmanager").get_secret_value(SecretId=settings.page_token_secret)["SecretString"])
