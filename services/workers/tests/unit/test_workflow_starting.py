"""Executions are started for the events of sessions: one for each version, whatever comes twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from tests.unit.cloud import Queue
from tests.unit.training import a_set, session

from wotr_common.dead_letters import DeadLetters
from wotr_common.events import session_completed, session_updated
from wotr_common.items import session_from_item
from wotr_workers.workflow.executions import Executions
from wotr_workers.workflow.starting import execution_name, start

AT = datetime(2026, 1, 1, 8, tzinfo=UTC)
NOBODY = "arn:aws:iam::123456789012:role/nobody"
PASSES = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}


@pytest.fixture
def states(aws: None) -> Any:
    return boto3.client("stepfunctions")


@pytest.fixture
def machine(states: Any) -> str:
    made = states.create_state_machine(name="sessions", definition=json.dumps(PASSES), roleArn=NOBODY)
    return str(made["stateMachineArn"])


def record(event: Any, message_id: str = "m") -> dict[str, Any]:
    """An SQS record with an event as the bus delivers it."""
    body = event if isinstance(event, str) else json.dumps({"detail": json.loads(event.text())})
    return {"messageId": message_id, "body": body}


def ended(day: float = 0, user: str = "ada", **fields: Any) -> Any:
    stored = session_from_item(session(day, a_set("Squat", 100, 5), user=user, **fields))
    return session_completed(stored, "of-the-call", AT)


def started(states: Any, machine: str) -> dict[str, Any]:
    found = states.list_executions(stateMachineArn=machine)["executions"]
    return {
        each["name"]: json.loads(states.describe_execution(executionArn=each["executionArn"])["input"])
        for each in found
    }


def test_a_session_that_ended_or_changed_starts_an_execution_under_its_own_name(
    states: Any, machine: str, dead_letters: DeadLetters
) -> None:
    changed = session_from_item(session(0, a_set("Squat", 100, 5), version=2))
    events = [ended(), session_updated(changed, "of-the-change", AT)]

    batch = start(map(record, events), Executions(states, machine), dead_letters)

    assert (batch.started, batch.failed_ids) == (2, [])
    found = started(states, machine)
    session_id = changed.session_id
    assert set(found) == {execution_name("ada", session_id, version) for version in (1, 2)}
    assert found[execution_name("ada", session_id, 1)] == {
        "userId": "ada",
        "sessionId": session_id,
        "version": 1,
        "correlationId": "of-the-call",
    }


def test_an_event_that_comes_again_starts_nothing(
    states: Any, machine: str, dead_letters: DeadLetters
) -> None:
    for _ in range(2):
        batch = start([record(ended()), record(ended())], Executions(states, machine), dead_letters)
        assert batch.failed_ids == []
    assert len(started(states, machine)) == 1


def test_what_is_no_event_is_set_aside_and_its_neighbours_go_on(
    states: Any, machine: str, dead_letters: DeadLetters, queue: Queue
) -> None:
    poison = ["not JSON", "[]", "{}", json.dumps({"detail": {"name": "workout.created"}})]
    batch = start(
        [*(record(text, text) for text in poison), record(ended())], Executions(states, machine), dead_letters
    )
    assert (batch.started, batch.set_aside, batch.failed_ids) == (1, 4, [])
    letters = queue.messages()
    assert [each["body"] for each in letters] == poison
    assert all(each["reason"].startswith("not the event of a session") for each in letters)


def test_what_cannot_be_started_now_comes_again(states: Any, machine: str, dead_letters: DeadLetters) -> None:
    gone = machine.replace("sessions", "nosuch")
    batch = start([record(ended(), "m1")], Executions(states, gone), dead_letters)
    assert batch.failed_ids == ["m1"]


def test_a_name_says_the_session_and_its_version_and_not_whose_it_is() -> None:
    longest = execution_name("U" * 64, "20260301T173000-" + "z" * 32, 10**12)
    assert len(longest) <= 80
    assert longest.startswith("20260301T173000-" + "z" * 32 + "-1000000000000-")
    assert "U" not in longest
    assert execution_name("ada", "s", 1) != execution_name("bob", "s", 1)
