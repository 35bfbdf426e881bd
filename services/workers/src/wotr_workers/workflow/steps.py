"""What the first and the last function of the workflow do: read the session, store its load.

Each says the same for the same input, and may be done twice. What is wrong with an input is wrong on every
try: BadInput. What another try may cure is TryAgain.
"""

from __future__ import annotations

import json
from typing import Any

from wotr_common import keys
from wotr_common.items import session_from_item
from wotr_common.workout import time_text
from wotr_workers.store import Table
from wotr_workers.store.session_loads import SessionLoads
from wotr_workers.workflow.inputs import Asked, Head, Weighed, read, said
from wotr_workers.workflow.retrying import worth_retrying
from wotr_workers.workflow.session_load import Load, SetWork, session_load, work


def validated(given: object, table: Table) -> dict[str, Any]:
    """`current` with the session asked for and the work of its sets; or why there is nothing to do."""
    asked = read(Asked, given)
    key = keys.session_key(asked.user_id, asked.session_id)
    with worth_retrying():
        item = table.get(key["pk"], [key["sk"]]).get(key["sk"])
    if item is None:
        return _nothing("the session is gone")
    session = session_from_item(item)
    if session.version != asked.version:
        return _nothing(f"the session is at version {session.version} by now")
    if session.state != "completed":
        return _nothing("the session has not ended")
    head = Head(
        **asked.model_dump(),
        type=session.type,
        started_at=session.started_at,
        rpe=session.rpe,
        duration_min=session.duration_min,
    )
    return {"current": True, "session": said(head), "sets": [_terse(each) for each in work(session)]}


def stored(given: object, loads: SessionLoads) -> dict[str, Any]:
    """Store the session's load: `current` with what is to be told of it; or why there is nothing to do."""
    weighed = read(Weighed, given)
    session = weighed.session
    load = session_load(weighed.sets, session.rpe, session.duration_min)
    attributes = load.model_dump(by_alias=True, exclude_none=True)
    with worth_retrying():
        kept = loads.put(session.user_id, session.session_id, session.version, attributes)
    if not kept:
        return _nothing("the session was changed or deleted meanwhile")
    return {"current": True, "notice": notice(session, load)}


def notice(session: Head, load: Load) -> dict[str, Any]:
    """What the topic is told: the message's text, and the attributes to filter by."""
    message = {
        "version": 1,
        "userId": session.user_id,
        "sessionId": session.session_id,
        "sessionVersion": session.version,
        "type": session.type,
        "startedAt": time_text(session.started_at),
        "load": {name: value for name, value in said(load).items() if name != "sets"},
        "message": sentence(session, load),
    }
    return {"userId": session.user_id, "type": session.type, "message": json.dumps(message)}


def sentence(session: Head, load: Load) -> str:
    """The load in words: `strength on 2026-03-01: 9 sets, 4500 kg, load 360`."""
    parts = [f"{load.set_count} {'set' if load.set_count == 1 else 'sets'}"]
    if load.volume_kg:
        parts.append(f"{load.volume_kg:f} kg")
    elif load.reps:
        parts.append(f"{load.reps} repetitions")
    if load.session_rpe is not None:
        parts.append(f"load {load.session_rpe:f}")
    return f"{session.type} on {keys.session_date(session.session_id)}: {', '.join(parts)}"


def _nothing(reason: str) -> dict[str, Any]:
    return {"current": False, "reason": reason}


def _terse(each: SetWork) -> dict[str, Any]:
    return each.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
