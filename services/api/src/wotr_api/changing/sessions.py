"""Sessions as they happen, and changes of them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import door, headers, ids, sessions
from wotr_api.bodies import MAX_BYTES_WITH_SETS
from wotr_api.changing.call import Call, named
from wotr_common.changes import SessionChange
from wotr_common.session import Completion, NewSession, NewSets

router = door.router()


@router.post("/me/sessions")
def post_my_session() -> Response[str]:
    """Begin a session."""
    call = Call.of(router)
    session = call.ask("session.create", {"session": named(call.body(NewSession, MAX_BYTES_WITH_SETS))})
    return _answer(session, 201, {"Location": f"sessions/{session['sessionId']}"})


@router.post("/me/sessions/<session_id>/sets")
def post_my_sets(session_id: str) -> Response[str]:
    """Add sets to a session."""
    call = _call(session_id)
    said = named(call.body(NewSets, MAX_BYTES_WITH_SETS))
    return _answer(call.ask("session.add_sets", {"sessionId": session_id, **said}))


@router.post("/me/sessions/<session_id>/complete")
def complete_my_session(session_id: str) -> Response[str]:
    """End a session."""
    call = _call(session_id)
    completion = named(call.body(Completion))
    return _answer(call.ask("session.complete", {"sessionId": session_id, "completion": completion}))


@router.patch("/me/sessions/<session_id>")
def patch_my_session(session_id: str) -> Response[str]:
    """Change what is said of a session, or its sets."""
    call = _call(session_id)
    change = call.change(SessionChange, MAX_BYTES_WITH_SETS)
    return _answer(call.ask("session.change", {"sessionId": session_id, "change": change}))


@router.delete("/me/sessions/<session_id>")
def delete_my_session(session_id: str) -> Response[str]:
    """Delete a session, and the workout that it became."""
    call = _call(session_id)
    call.ask("session.delete", {"sessionId": session_id, "version": call.version()})
    return door.done()


def _call(session_id: str) -> Call:
    call = Call.of(router)
    ids.session_key(call.athlete, session_id)
    return call


def _answer(
    session: Mapping[str, Any], status: int = 200, more: Mapping[str, str] | None = None
) -> Response[str]:
    shown = sessions.view_of_answer(session)
    return door.answer(status, shown, {**headers.etag(shown["version"]), **(more or {})})
