"""Workouts: what machines may do with everybody's, athletes with their own."""

from __future__ import annotations

from wotr_api.accept import Accepted, MachineWorkout
from wotr_api.parameters import Deletion, Everybody, History
from wotr_api.routes.route import BODY_PROBLEMS, Route
from wotr_api.stats import Stats
from wotr_common.changes import WorkoutChange
from wotr_common.workout import Record, Workout, WorkoutFields


class Page(Record):
    """Workouts, and `nextToken` where there are more: a page may be short and yet not the last."""

    workouts: tuple[Workout, ...]
    next_token: str | None = None


OF_EVERYBODY = (
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
        problems=BODY_PROBLEMS,
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
        pace="heavy",
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
)

OWN = (
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
        problems=BODY_PROBLEMS,
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
        "patch",
        "/me/workouts/{workoutId}",
        "cognito",
        "change",
        "patchMyWorkout",
        "Change one of your workouts (JSON merge patch: what is absent stays, null removes). Another start "
        "gives it another id. What its session says of it is changed there: 409",
        Workout,
        body=WorkoutChange,
        problems=(404, *BODY_PROBLEMS),
    ),
    Route(
        "delete",
        "/me/workouts/{workoutId}",
        "cognito",
        "change",
        "deleteMyWorkout",
        "Delete one of your workouts. One that consists of a session's sets goes with its session: 409",
        None,
        status=204,
        query=Deletion,
        problems=(404, 409, 422),
    ),
)
