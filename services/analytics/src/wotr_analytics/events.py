"""What the projector's queue brings: the platform's events, as EventBridge wraps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from wotr_analytics.recent_sessions import Seen, SessionRef, summary
from wotr_analytics.totals import Counted, WorkoutRef, contribution
from wotr_common import keys
from wotr_common.events import (
    SessionCompleted,
    SessionDeleted,
    SessionEvent,
    SessionUpdated,
    WorkoutCreated,
    WorkoutDeleted,
    WorkoutEvent,
    WorkoutUpdated,
)
from wotr_common.observability import is_correlation_id
from wotr_common.problems import field_errors

_CONTRACTS: dict[str, type[WorkoutEvent | SessionEvent]] = {
    "workout.created": WorkoutCreated,
    "workout.updated": WorkoutUpdated,
    "workout.deleted": WorkoutDeleted,
    "session.completed": SessionCompleted,
    "session.updated": SessionUpdated,
    "session.deleted": SessionDeleted,
}


class Unreadable(Exception):
    """No later try can make sense of this message; the text says why, without repeating values."""

    def __init__(self, reason: str, correlation_id: str | None = None) -> None:
        super().__init__(reason)
        self.correlation_id = correlation_id


def event_in(body: str) -> WorkoutEvent | SessionEvent:
    """The event in a message's body; Unreadable where it is none that views follow."""
    try:
        envelope = json.loads(body)
    except ValueError as error:
        raise Unreadable("the message is not JSON") from error
    if not isinstance(envelope, Mapping) or not isinstance(envelope.get("detail"), Mapping):
        raise Unreadable("the message is not an EventBridge event: it has no detail")
    detail = envelope["detail"]
    correlation_id = _correlation_id(detail)
    name = str(detail.get("name"))
    contract = _CONTRACTS.get(name)
    if contract is None:
        raise Unreadable(
            f"not an event about a workout or a session; known are {', '.join(_CONTRACTS)}", correlation_id
        )
    try:
        # from text, as it would be by any reader of the contract: JSON's types, not Python's
        event = contract.model_validate_json(json.dumps(detail))
    except ValidationError as error:
        found = "; ".join(f"{wrong.field}: {wrong.message}" for wrong in field_errors(error))
        raise Unreadable(f"not a {name} of version 1: {found}", correlation_id) from error
    wrong = _wrong_id(event)
    if wrong:
        raise Unreadable(wrong, correlation_id)
    return event


def workout_event(body: str) -> WorkoutEvent:
    """The event about a workout in a message's body; Unreadable where it is none."""
    event = event_in(body)
    if not isinstance(event, WorkoutEvent):
        raise Unreadable("not an event about a workout", event.correlation_id)
    return event


def counted(event: WorkoutEvent) -> tuple[WorkoutRef, Counted]:
    """Which workout the event speaks of, and what it is to be counted with: nothing where it is gone."""
    ref = WorkoutRef(event.user_id, event.data.workout_id)
    gone = isinstance(event, WorkoutDeleted)
    return ref, Counted(event.data.version, None if gone else contribution(event.data))


def seen(event: SessionEvent) -> tuple[SessionRef, Seen]:
    """Which session the event speaks of, and how the view shows it: not at all where it is gone."""
    ref = SessionRef(event.user_id, event.data.session_id)
    gone = isinstance(event, SessionDeleted)
    return ref, Seen(event.data.version, None if gone else summary(event.data))


def _wrong_id(event: WorkoutEvent | SessionEvent) -> str | None:
    if isinstance(event, WorkoutEvent):
        named = event.data.workout_id == keys.workout_id(event.data.started_at)
        return None if named else "data/workoutId does not name data/startedAt"
    try:
        keys.session_start(event.data.session_id)
    except ValueError:
        return "data/sessionId names no date and time"
    return None


def _correlation_id(detail: Mapping[str, Any]) -> str | None:
    word = detail.get("correlationId")
    return word if is_correlation_id(word) else None
