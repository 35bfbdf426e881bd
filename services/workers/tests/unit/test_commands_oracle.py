"""Random sequences of commands against a few lines that say what they should come to."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from moto import mock_aws
from tests.unit.cloud import make_table
from tests.unit.desk import Athlete

from wotr_common.items import session_from_item, workout_from_item
from wotr_common.messages import Outcome

starts = st.integers(0, 2).map(lambda minutes: f"2026-03-01T17:3{minutes}:00Z")


class Expected:
    """A session as the oracle has it: its sets by the number in their notes, and whether it is completed."""

    def __init__(self) -> None:
        self.sets: list[str] = []
        self.completed = False


class Sessions(RuleBasedStateMachine):
    """Commands in any order, some of them repeated, some with versions that are outdated."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.aws = mock_aws()
        self.aws.start()
        self.athlete = Athlete(make_table())
        self.expected: dict[str, Expected] = {}
        self.versions: dict[str, list[int]] = {}
        self.number = self.asked = 0
        self.last: tuple[str, str, dict[str, Any], Outcome] | None = None

    def teardown(self) -> None:
        self.aws.stop()

    def new_sets(self, amount: int) -> list[dict[str, Any]]:
        """Sets that no other set equals."""
        first = self.number
        self.number += amount
        return [
            {"exercise": "Squat", "weightKg": 20 + each % 7, "reps": 1 + each % 5, "notes": str(each)}
            for each in range(first, self.number)
        ]

    def ask(self, name: str, **arguments: Any) -> Outcome:
        self.asked += 1
        self.athlete.later(0.001 * (self.asked % 2))  # now and then two within one tick of the clock
        command_id = f"command-{self.asked}"
        outcome = self.athlete.ask(name, command_id=command_id, **arguments)
        self.last = (name, command_id, arguments, outcome)
        return outcome

    def version(self, session: str, stale: bool) -> int:
        seen = self.versions[session]
        return seen[-1] - 1 if stale else seen[-1]

    @rule(target=sessions, start=starts, amount=st.integers(0, 2))
    def create(self, start: str, amount: int) -> Any:
        sets = self.new_sets(amount)
        outcome = self.ask("session.create", session={"startedAt": start, "sets": sets})
        assert outcome.status == 201
        session: str = outcome.body["sessionId"]
        assert session not in self.expected
        self.expected[session] = Expected()
        self.expected[session].sets = [each["notes"] for each in sets]
        return session

    @rule(session=sessions, amount=st.integers(1, 3))
    def add_sets(self, session: str, amount: int) -> None:
        sets = self.new_sets(amount)
        outcome = self.ask("session.add_sets", sessionId=session, sets=sets)
        expected = self.expected.get(session)
        if expected is None:
            assert outcome.status == 404
        elif expected.completed:
            assert outcome.status == 409
        else:
            assert outcome.status == 201
            expected.sets += [each["notes"] for each in sets]

    @rule(session=sessions)
    def complete(self, session: str) -> None:
        outcome = self.ask("session.complete", sessionId=session, completion={"rpe": 7})
        expected = self.expected.get(session)
        if expected is None:
            assert outcome.status == 404
        elif not expected.sets:
            assert outcome.status == 422
        else:
            assert outcome.status == 200
            expected.completed = True

    @rule(session=sessions, amount=st.integers(0, 2), stale=st.booleans())
    def change_sets(self, session: str, amount: int, stale: bool) -> None:
        if session not in self.expected:
            return
        expected, sets = self.expected[session], self.new_sets(amount)
        change = {"version": self.version(session, stale), "sets": sets}
        outcome = self.ask("session.change", sessionId=session, change=change)
        if stale:
            assert (outcome.status, outcome.body["current"]["version"]) == (409, self.version(session, False))
        elif expected.completed and not sets:
            assert outcome.status == 422
        else:
            assert outcome.status == 200
            expected.sets = [each["notes"] for each in sets]

    @rule(session=sessions, stale=st.booleans())
    def delete(self, session: str, stale: bool) -> None:
        if session not in self.expected:
            return
        outcome = self.ask("session.delete", sessionId=session, version=self.version(session, stale))
        assert outcome.status == (409 if stale else 204)
        if not stale:
            del self.expected[session]

    @rule()
    def repeat_the_last_command(self) -> None:
        if self.last is None or self.last[0] == "session.delete" or self.last[3].status >= 400:
            return
        name, command_id, arguments, outcome = self.last
        before = self.athlete.items()
        assert self.athlete.ask(name, command_id=command_id, **arguments) == outcome
        assert self.athlete.items() == before

    @invariant()
    def sessions_have_the_expected_sets_and_growing_versions(self) -> None:
        stored = {item["sessionId"]: item for item in self.athlete.sessions()}
        assert stored.keys() == self.expected.keys()
        for session_id, item in stored.items():
            session, expected = session_from_item(item), self.expected[session_id]
            assert [each.notes for each in session.sets] == expected.sets
            assert (session.state == "completed") == expected.completed
            seen = self.versions.setdefault(session_id, [])
            if not seen or session.version != seen[-1]:
                assert not seen or session.version > seen[-1]
                seen.append(session.version)

    @invariant()
    def workouts_are_those_of_completed_sessions(self) -> None:
        sessions = [session_from_item(item) for item in self.athlete.sessions()]
        workouts = [workout_from_item(item) for item in self.athlete.workouts()]
        completed = {each.session_id: each for each in sessions if each.state == "completed"}
        assert Counter(each.session_id for each in workouts) == Counter(list(completed))
        for workout in workouts:
            session = completed[str(workout.session_id)]
            assert session.workout_id == workout.workout_id
            numbers = map(int, self.expected[session.session_id].sets)
            assert workout.volume_kg == sum((20 + each % 7) * (1 + each % 5) for each in numbers)
            assert workout.rpe == session.rpe == Decimal(7)


TestSessions = Sessions.TestCase
TestSessions.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=[*HealthCheck]
)
