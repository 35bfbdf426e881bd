"""The API's route table: the document is generated from it, functions and template are compared with it.

Functions do not load it; it costs nothing at run time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from wotr_api.accept import Accepted, MachineWorkout
from wotr_api.parameters import Everybody, History
from wotr_api.stats import Stats
from wotr_common.workout import Record, Workout, WorkoutFields

Auth = Literal["sigv4", "cognito", "open"]


class Page(Record):
    """Workouts, and `nextToken` where there are more: a page may be short and yet not the last."""

    workouts: tuple[Workout, ...]
    next_token: str | None = None


class Health(Record):
    """The API answers."""

    status: Literal["ok"]
    stage: Literal["dev", "prod"]


@dataclass(frozen=True)
class Route:
    """One method of one path. `problems` are what the function itself answers, beside 500 and 503.

    `answer` is None where there is no body; `place` says what `Location` leads to.
    """

    method: Literal["get", "post", "patch", "delete"]
    path: str
    auth: Auth
    function: Literal["accept", "query", "stats", "change", "export", "health"]
    operation: str
    summary: str
    answer: type[BaseModel] | None
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    problems: tuple[int, ...] = field(default=())
    place: str | None = None


_BODY_PROBLEMS = (400, 409, 413, 415, 422)

ROUTES = (
    Route(
        "post",
        "/workouts",
        "sigv4",
        "accept",
        "postWorkout",
        "Send somebody's workout",
        Accepted,
        status=202,
        body=MachineWorkout,
        problems=_BODY_PROBLEMS,
        place="the workout",
    ),
    Route(
        "get",
        "/workouts",
        "sigv4",
        "query",
        "getWorkouts",
        "Workouts of everybody, oldest first: the last 31 days, or up to 366 days as asked, any number "
        "with type. With userId, that user's whole history, newest first",
        Page,
        query=Everybody,
        problems=(422,),
    ),
    Route(
        "get",
        "/workouts/{userId}/{workoutId}",
        "sigv4",
        "query",
        "getWorkout",
        "One workout. An id that cannot be one is answered 404 too",
        Workout,
        problems=(404,),
    ),
    Route(
        "get",
        "/stats/{userId}",
        "sigv4",
        "stats",
        "getStats",
        "Somebody's totals, zeros for a user without workouts. They follow the workouts within seconds",
        Stats,
        problems=(404,),
    ),
    Route(
        "post",
        "/me/workouts",
        "cognito",
        "accept",
        "postMyWorkout",
        "Send one of your workouts",
        Accepted,
        status=202,
        body=WorkoutFields,
        problems=_BODY_PROBLEMS,
        place="the workout",
    ),
    Route(
        "get",
        "/me/workouts",
        "cognito",
        "query",
        "getMyWorkouts",
        "Your workouts, newest first",
        Page,
        query=History,
        problems=(422,),
    ),
    Route(
        "get",
        "/me/workouts/{workoutId}",
        "cognito",
        "query",
        "getMyWorkout",
        "One of your workouts. An id that cannot be one is answered 404 too",
        Workout,
        problems=(404,),
    ),
    Route(
        "get",
        "/me/stats",
        "cognito",
        "stats",
        "getMyStats",
        "Your totals. They follow the workouts within seconds",
        Stats,
    ),
    Route("get", "/health", "open", "health", "getHealth", "Whether the API answers", Health),
)
