"""Workouts: one, a user's history, everybody's in a window of time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, everybody, headers, history, ids, parameters
from wotr_api.page_tokens import PARAMETER, fingerprint
from wotr_api.reading.sources import limits, tokens, workouts
from wotr_common.observability import annotate_span
from wotr_common.problems import Problem
from wotr_common.workout import Workout, time_text

router = door.router()


@router.get("/workouts")
def get_workouts() -> Response[str]:
    """Workouts of everybody in a window of time, or one user's history."""
    event = router.current_event.raw_event
    caller = callers.without_session(callers.machine(event))
    asked = parameters.parse(parameters.Everybody, event)
    if asked.user_id is not None:
        return _history(caller, "/workouts", asked.user_id, asked)
    return _everybody(caller, asked)


@router.get("/workouts/<user_id>/<workout_id>")
def get_workout(user_id: str, workout_id: str) -> Response[str]:
    """One workout of anybody."""
    callers.machine(router.current_event.raw_event)
    return _one(callers.named(user_id), workout_id)


@router.get("/me/workouts")
def get_my_workouts() -> Response[str]:
    """The athlete's own history."""
    event = router.current_event.raw_event
    athlete = callers.athlete(event)
    return _history(athlete, "/me/workouts", athlete, parameters.parse(parameters.History, event))


@router.get("/me/workouts/<workout_id>")
def get_my_workout(workout_id: str) -> Response[str]:
    """One of the athlete's own workouts."""
    return _one(callers.athlete(router.current_event.raw_event), workout_id)


def _one(user_id: str, workout_id: str) -> Response[str]:
    annotate_span(user_id=user_id)
    found = workouts().get(user_id, ids.workout_start(workout_id))
    if found is None:
        raise Problem(
            404, "there is no such workout; one that was just accepted takes a moment to be written"
        )
    return door.answer(200, found.answer(), headers.etag(found.version))


def _history(caller: str, route: str, user_id: str, asked: parameters.History) -> Response[str]:
    annotate_span(user_id=user_id)
    name = fingerprint(caller, route, asked.filters())
    after = tokens().read(asked.next_token, name)["after"] if asked.next_token is not None else None
    found, stopped = history.page(
        workouts(),
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
        said = tokens().read(asked.next_token, name)
        start, end = (datetime.fromisoformat(said[bound]) for bound in ("from", "to"))
        window = everybody.Window(start, end, asked.type)
        position = everybody.position_of(said)
    found, stopped = everybody.page(workouts(), window, position, limits().get().shards, asked.limit)
    bounds = {"from": time_text(window.start), "to": time_text(window.end)}
    return _page(found, bounds | everybody.position_text(stopped) if stopped else None, name)


def _page(found: list[Workout], position: dict[str, Any] | None, name: str) -> Response[str]:
    token = {} if position is None else {PARAMETER: tokens().issue(position, name)}
    return door.answer(200, {"workouts": [workout.answer() for workout in found], **token})
