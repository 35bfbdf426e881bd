"""Changes are commands: workers makes them and says what came of it. Here they get a name and an answer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from wotr_common.messages import Command, Outcome
from wotr_common.problems import FieldError, Problem, unavailable

_OF_THE_PROBLEM_ITSELF = {"type", "title", "status", "detail", "errors", "correlationId"}


class NoOutcome(Exception):
    """Nobody can tell whether a command was done; the message says what happened."""


class Commands(Protocol):
    """Who makes changes."""

    def run(self, command: Command) -> Outcome:
        """Do `command`; raise where its outcome is not known."""


def command_id(caller: str, key: str | None) -> str:
    """The same id for the same key of the same caller: a repeated call is done once. Else a new one."""
    if key is None:
        return secrets.token_hex(16)
    return hashlib.sha256(f"{len(caller)}:{caller}:{key}".encode()).hexdigest()[:32]


def answered(outcome: Outcome) -> dict[str, Any]:
    """The body of a command that was done; the Problem that it came to where it was not."""
    if outcome.status < 400:
        return outcome.body
    if outcome.status >= 500:
        raise unavailable(str(outcome.body.get("detail", "the change was not made; try again shortly")))
    raise _problem(outcome.status, outcome.body)


def unknown() -> Problem:
    """503 where the outcome is not known."""
    return unavailable(
        "the change may or may not have been made: look, or send the same call again. "
        "With an Idempotency-Key it is made once however often it is sent"
    )


def _problem(status: int, body: Mapping[str, Any]) -> Problem:
    errors = body.get("errors", ())
    extra = {name: value for name, value in body.items() if name not in _OF_THE_PROBLEM_ITSELF}
    return Problem(
        status,
        str(body.get("detail", "the change was refused")),
        errors=[FieldError(each["pointer"], each["message"]) for each in errors],
        **extra,
    )
