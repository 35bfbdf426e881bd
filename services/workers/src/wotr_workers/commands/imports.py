"""Commands on imports: one is asked for, one is to be taken back. The import function does the work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeGuard

from wotr_common import keys
from wotr_common.changes import ImportRequest
from wotr_common.messages import Command, Outcome
from wotr_common.problems import FieldError, Problem, invalid
from wotr_common.workout import IMPORT_ID_PATTERN, json_number, time_text
from wotr_workers.commands.decision import Decision, Desk, not_found, said
from wotr_workers.store.imports import UNDONE, WAITING
from wotr_workers.workouts import COMMAND_IDS, CORRELATION_ID, IMPORT_ID

_ID = re.compile(IMPORT_ID_PATTERN, re.ASCII)
_UNTOLD = {keys.PK, keys.SK, CORRELATION_ID, COMMAND_IDS, "userId", "told", "checkpoint", "settings"}


def request(desk: Desk, command: Command) -> Decision:
    """`import.request`: 201 with the import, which waits for its upload; 409 where its id is taken."""
    asked = said(ImportRequest, command.arguments.get("request") or {})
    import_id = _import_id(command)
    state = {
        **asked.model_dump(by_alias=True, exclude_none=True),
        **keys.import_key(command.user_id, import_id),
        "userId": command.user_id,
        IMPORT_ID: import_id,
        "state": WAITING,
        "requestedAt": time_text(desk.clock()),
        "told": False,
        CORRELATION_ID: command.correlation_id,
        COMMAND_IDS: [command.command_id],
    }
    stored = desk.imports.add(state)
    if stored is not None and command.command_id not in stored.get(COMMAND_IDS, ()):
        raise Problem(409, f"there is an import {import_id} already, {stored['state']}; take another id")
    return Decision(Outcome(status=201, body=_shown(stored or state)))


def undo(desk: Desk, command: Command) -> Decision:
    """`import.undo`: 202 with the import, which is being taken back; 200 where it was already.

    Asking again sends the request again: it is harmless, and the first one may have been lost.
    """
    import_id = command.arguments.get("importId")
    if not _is_id(import_id):
        raise not_found("import")
    state = desk.imports.ask_undo(command.user_id, import_id)
    if state is None:
        raise not_found("import")
    if state["state"] == UNDONE:
        return Decision(Outcome(status=200, body=_shown(state)))
    desk.queue.ask_undo(command.user_id, import_id)
    return Decision(Outcome(status=202, body=_shown(state)))


def _import_id(command: Command) -> str:
    import_id = command.arguments.get("importId")
    if not _is_id(import_id):
        raise invalid([FieldError("/importId", "must be 1 to 64 of A-Z a-z 0-9 _ -")])
    return import_id


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _shown(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json(value) for name, value in state.items() if name not in _UNTOLD}


def _json(value: Any) -> Any:
    match value:
        case Decimal():
            return json_number(value)
        case Mapping():
            return {name: _json(each) for name, each in value.items()}
        case list():
            return [_json(each) for each in value]
        case _:
            return value
