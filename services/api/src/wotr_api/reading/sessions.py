"""The athlete's sessions: a list, the newest, one, its sets."""

from __future__ import annotations

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, headers, ids, parameters, sessions
from wotr_api.paging import Item
from wotr_api.reading.pages import page
from wotr_api.reading.sources import items, views
from wotr_common import keys
from wotr_common.items import session_from_item
from wotr_common.observability import annotate_span
from wotr_common.problems import Problem
from wotr_common.session import Session

router = door.router()
_QUERIES = 60  # a hundred sessions of 400 KB, the most that an item may have, lie in fewer megabytes


@router.get("/me/sessions")
def get_my_sessions() -> Response[str]:
    """Sessions, newest first."""
    event = router.current_event.raw_event
    athlete = callers.athlete(event)
    asked = parameters.parse(parameters.Sessions, event)
    if asked.last is not None:
        asked = asked.model_copy(update={"limit": asked.last})
    bounds = keys.session_range(asked.start, asked.end)

    def read(after: str | None, limit: int) -> tuple[list[Item], str | None]:
        return items().page(keys.user_pk(athlete), bounds, after, limit, newest_first=True)

    found, token = page(athlete, "/me/sessions", asked, read, shape=sessions.summary, queries=_QUERIES)
    said = {"sessions": found}
    return door.answer(200, said if asked.last is not None else {**said, **token})


@router.get("/me/sessions/recent")
def get_my_recent_sessions() -> Response[str]:
    """The newest completed sessions, as a view has them ready."""
    athlete = callers.athlete(router.current_event.raw_event)
    annotate_span(user_id=athlete)
    return door.answer(200, sessions.recent(views().recent_sessions(athlete)))


@router.get("/me/sessions/<session_id>")
def get_my_session(session_id: str) -> Response[str]:
    """One session with its sets, and its load once that is known."""
    athlete, key = _whose(session_id)
    load_key = keys.session_load_key(athlete, session_id)
    found = items().several(key, load_key)
    session = _found(found.get(key["sk"]))
    answer = sessions.view(session, sessions.load_of(session, found.get(load_key["sk"])))
    return door.answer(200, answer, headers.etag(session.version))


@router.get("/me/sessions/<session_id>/sets")
def get_my_sets(session_id: str) -> Response[str]:
    """The sets of one session."""
    found = _session(session_id)
    return door.answer(200, sessions.sets_of(found), headers.etag(found.version))


def _session(session_id: str) -> Session:
    _, key = _whose(session_id)
    return _found(items().get(key))


def _whose(session_id: str) -> tuple[str, keys.Key]:
    athlete = callers.athlete(router.current_event.raw_event)
    key = ids.session_key(athlete, session_id)
    annotate_span(user_id=athlete, session_id=session_id)
    return athlete, key


def _found(item: Item | None) -> Session:
    if item is None:
        raise Problem(404, "there is no such session")
    return session_from_item(item)
