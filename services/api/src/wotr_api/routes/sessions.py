"""Sessions and their sets."""

from __future__ import annotations

from wotr_api.parameters import Deletion, Sessions
from wotr_api.routes.route import BODY_PROBLEMS, Route
from wotr_api.sessions import RecentSessions, SessionPage, SessionSets, SessionView
from wotr_common.changes import SessionChange
from wotr_common.session import Completion, NewSession, NewSets

SESSIONS = (
    Route(
        "post",
        "/me/sessions",
        "cognito",
        "change",
        "postMySession",
        "Begin a session, with the sets that are known already",
        SessionView,
        status=201,
        body=NewSession,
        problems=BODY_PROBLEMS,
        place="the session",
    ),
    Route(
        "get",
        "/me/sessions",
        "cognito",
        "query",
        "getMySessions",
        "Your sessions by date, newest first, or the last so many",
        SessionPage,
        query=Sessions,
        problems=(422,),
    ),
    Route(
        "get",
        "/me/sessions/recent",
        "cognito",
        "query",
        "getMyRecentSessions",
        "Your newest completed sessions, at most ten, newest first. They follow the sessions within seconds",
        RecentSessions,
    ),
    Route(
        "get",
        "/me/sessions/{sessionId}",
        "cognito",
        "query",
        "getMySession",
        "One of your sessions, with its volume and its best sets",
        SessionView,
        problems=(404,),
    ),
    Route(
        "patch",
        "/me/sessions/{sessionId}",
        "cognito",
        "change",
        "patchMySession",
        "Change one of your sessions (JSON merge patch: what is absent stays, null removes, `sets` takes the "
        "place of all sets). Its workout changes with it",
        SessionView,
        body=SessionChange,
        problems=(404, *BODY_PROBLEMS),
    ),
    Route(
        "delete",
        "/me/sessions/{sessionId}",
        "cognito",
        "change",
        "deleteMySession",
        "Delete one of your sessions, and the workout that it became",
        None,
        status=204,
        query=Deletion,
        problems=(404, 409, 422),
    ),
    Route(
        "post",
        "/me/sessions/{sessionId}/sets",
        "cognito",
        "change",
        "postMySets",
        "Add sets to an open session, in the order of performance",
        SessionView,
        body=NewSets,
        problems=(404, *BODY_PROBLEMS),
    ),
    Route(
        "get",
        "/me/sessions/{sessionId}/sets",
        "cognito",
        "query",
        "getMySets",
        "The sets of one of your sessions",
        SessionSets,
        problems=(404,),
    ),
    Route(
        "post",
        "/me/sessions/{sessionId}/complete",
        "cognito",
        "change",
        "completeMySession",
        "End a session: it becomes a workout. Once more with the same content it is answered the same",
        SessionView,
        body=Completion,
        problems=(404, *BODY_PROBLEMS),
    ),
)
