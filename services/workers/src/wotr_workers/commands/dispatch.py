"""From a command to its outcome.

What is wrong with a command is an outcome too. An exception tells of AWS: another try of the same may do.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

from wotr_common.messages import Command, Outcome
from wotr_common.problems import Problem, unavailable
from wotr_workers.commands import imports, profile, sessions, workouts
from wotr_workers.commands.decision import Decide, Desk, said
from wotr_workers.store import Changed, NotesUnreadable, Refused

TRIES = 6  # of a command whose items change under it

DECISIONS: Mapping[str, Decide] = {
    "session.create": sessions.create,
    "session.add_sets": sessions.add_sets,
    "session.complete": sessions.complete,
    "session.change": sessions.change,
    "session.delete": sessions.delete,
    "workout.change": workouts.change,
    "workout.delete": workouts.delete,
    "import.request": imports.request,
    "import.undo": imports.undo,
    "profile.change": profile.change,
}


def answer(desk: Desk, payload: object) -> Outcome:
    """The outcome of the command in `payload`; raises only what another try may cure."""
    command = None
    try:
        command = said(Command, payload)
        return _settled(desk, command)
    except Problem as problem:
        return _problem(problem, command)
    except NotesUnreadable:
        detail = "its stored notes cannot be read, so that nothing of it can be changed; it can be deleted"
        return _problem(Problem(409, detail), command)
    except Refused as error:
        if not error.too_large:
            raise
        detail = "with that it would be too large to be stored: all of a session may have 400 KB"
        return _problem(Problem(422, detail), command)


def _settled(desk: Desk, command: Command) -> Outcome:
    """Decide, and decide again where what was read has changed before it could be written."""
    for retry in range(TRIES):
        time.sleep(random.uniform(0, 0.01 * (2**retry - 1)))  # noqa: S311 - spreads tries, protects nothing
        decision = DECISIONS[command.name](desk, command)
        try:
            if decision.writes:
                desk.table.write(decision.writes)
        except Changed:
            continue
        return decision.outcome
    raise unavailable("too much of it changes at once; nothing was done. Try again shortly")


def _problem(problem: Problem, command: Command | None) -> Outcome:
    correlation_id = command.correlation_id if command else None
    return Outcome(status=problem.status, body=problem.body(correlation_id))
