"""From the events of sessions that ended or changed to executions: each starts one, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wotr_common.dead_letters import DeadLetters
from wotr_common.events import SessionCompleted, SessionUpdated
from wotr_common.observability import annotate_span, logger
from wotr_workers.workflow.executions import Executions

_WHOSE = 12  # characters; with the longest session id and version a name stays below 80
_EVENT: TypeAdapter[SessionCompleted | SessionUpdated] = TypeAdapter(SessionCompleted | SessionUpdated)


class Unreadable(Exception):
    """A message that no later try can make sense of."""


@dataclass(slots=True)
class Batch:
    """What became of a batch of messages; `failed_ids` are those to try again."""

    started: int = 0
    known: int = 0
    set_aside: int = 0
    failed_ids: list[str] = field(default_factory=list)


def start(records: Iterable[Mapping[str, Any]], executions: Executions, dead_letters: DeadLetters) -> Batch:
    """Start an execution for the event in each of the SQS `records`."""
    batch = Batch()
    for record in records:
        logger.set_correlation_id(record["messageId"])
        try:
            _start(record["body"], executions, batch)
        except Unreadable as error:
            identity = logger.get_correlation_id() or record["messageId"]
            if dead_letters.set_aside(record["body"], str(error), identity):
                batch.set_aside += 1
            else:
                batch.failed_ids.append(record["messageId"])
        except Exception:  # noqa: BLE001 - whatever it is, the neighbours go on and this one comes again
            logger.exception("workflow not started, its message goes back to the queue")
            batch.failed_ids.append(record["messageId"])
    return batch


def _start(body: str, executions: Executions, batch: Batch) -> None:
    event = event_in(body)
    logger.set_correlation_id(event.correlation_id)
    annotate_span(user_id=event.user_id, session_id=event.data.session_id)
    name = execution_name(event.user_id, event.data.session_id, event.data.version)
    if executions.start(name, execution_input(event)):
        batch.started += 1
        logger.info("workflow started", execution=name)
    else:
        batch.known += 1
        logger.info("workflow started before", execution=name)


def event_in(body: str) -> SessionCompleted | SessionUpdated:
    """The event in a message that a rule of the bus sent; Unreadable where it is no session's."""
    try:
        return _EVENT.validate_python(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError) as error:
        why = f"{error.error_count()} fields are wrong" if isinstance(error, ValidationError) else "no event"
        raise Unreadable(f"not the event of a session that ended or changed: {why}") from None


def execution_input(event: SessionCompleted | SessionUpdated) -> dict[str, Any]:
    """What the workflow is told: which session, in which version."""
    return {
        "userId": event.user_id,
        "sessionId": event.data.session_id,
        "version": event.data.version,
        "correlationId": event.correlation_id,
    }


def execution_name(user_id: str, session_id: str, version: int) -> str:
    """`20260301T173000-1a2b3c4d5e-194835600000-0f1e2d3c4b5a`: the same for the same version of a session.

    It shows the session and not whose it is: session ids are their athlete's own, so a hash tells apart who
    happens to have the same one.
    """
    whose = hashlib.sha256(user_id.encode()).hexdigest()[:_WHOSE]
    return f"{session_id}-{version}-{whose}"
