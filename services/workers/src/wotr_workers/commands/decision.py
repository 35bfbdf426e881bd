"""What a command comes to: an outcome, and the writes that make it true, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.messages import Command, Outcome
from wotr_common.problems import FieldError, Problem, field_errors, invalid
from wotr_workers.queue import ImportQueue
from wotr_workers.store import Imports, Item, Table, Write
from wotr_workers.store.sessions import Sessions

Said = TypeVar("Said", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome that holds once `writes` are stored."""

    outcome: Outcome
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """What deciding needs: what is stored, what is configured, what time it is."""

    table: Table
    sessions: Sessions
    imports: Imports
    queue: ImportQueue
    limits: Callable[[], Limits]
    clock: Callable[[], datetime]

    def stored(self, key: keys.Key) -> Item | None:
        """What is stored at `key` right now."""
        return self.table.get(key["pk"], [key["sk"]]).get(key["sk"])


Decide = Callable[[Desk, Command], Decision]


def said(model: type[Said], value: object) -> Said:
    """What the caller said as a `model`; Problem 422 with every field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid(field_errors(error)) from None


def not_found(what: str) -> Problem:
    """404 for an id that names nothing of this athlete's."""
    return Problem(404, f"there is no such {what}")


def conflict(detail: str, current: Mapping[str, Any]) -> Problem:
    """409 with what is stored, so that the caller can change that instead."""
    return Problem(409, detail, current=dict(current))


def asked_version(command: Command) -> int:
    """The version that the caller of a deletion saw; 422 where they say none."""
    version = command.arguments.get("version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise invalid([FieldError("version", "is required: the version that you saw, a whole number")])
    return version


def held_version(asked: int, stored: int, current: Mapping[str, Any]) -> None:
    """409 where the version that the caller saw is another by now."""
    if asked != stored:
        raise conflict(f"it was changed meanwhile: you saw version {asked}, it is at {stored}", current)
