"""What a command comes to: an outcome, and the writes that make it true, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from wotr_common import keys
from wotr_common.limits import Limits
from wotr_common.messages import Command, Outcome
from wotr_common.problems import FieldError, Problem, field_errors, invalid
from wotr_workers.workouts import REFS

Item = dict[str, Any]
Said = TypeVar("Said", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Put:
    """Store `item` in place of the one at version `over`; None: only where nothing is stored."""

    item: Item
    over: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete what is stored at `key` in `version`; None: whatever is stored there."""

    key: keys.Key
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Amend:
    """Set `values` in the item at `key`, which must exist."""

    key: keys.Key
    values: Mapping[str, Any]


Write = Put | Delete | Amend


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome that holds once `writes` are stored."""

    outcome: Outcome
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class Addition:
    """Sets (as they lie in an item) to append to a session by one command."""

    sets: list[Item]
    command_id: str
    correlation_id: str
    version: int
    at: datetime


class Account(Protocol):
    """The items of athletes, as commands see them."""

    def get(self, key: keys.Key) -> Item | None:
        """What is stored at `key` right now."""

    def append(self, key: keys.Key, addition: Addition) -> tuple[bool, Item | None]:
        """Append sets to an open session: whether it was done, and the item after it, or as it is."""

    def commit(self, writes: tuple[Write, ...]) -> bool:
        """Do all of `writes` or none; False where something changed since it was read."""


class UndoQueue(Protocol):
    """Where an import is asked to be taken back."""

    def ask_undo(self, user_id: str, import_id: str, correlation_id: str) -> None:
        """Return once the request is durable, raise otherwise."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What deciding needs: what is stored, what is configured, what time it is."""

    account: Account
    limits: Callable[[], Limits]
    clock: Callable[[], datetime]
    undo: UndoQueue


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


def gone(workout: Item) -> list[Write]:
    """The deletion of a workout's item, and of what points to it."""
    pk = workout[keys.PK]
    refs: list[Write] = [Delete({"pk": pk, "sk": ref}) for ref in workout.get(REFS, ())]
    return [Delete({"pk": pk, "sk": workout[keys.SK]}, int(workout["version"])), *refs]
