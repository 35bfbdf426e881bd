"""The load of a logged session, as its athlete and whoever listens meet it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
import redrive
from waiting import depth, eventually

from stage_client import Athlete, Stage, TopicListener

SQUAT = {"exercise": "Squat", "weightKg": 100, "reps": 6}


@pytest.fixture
def topic(stage: Stage) -> Iterator[TopicListener]:
    listener = TopicListener(stage.outputs("workers")["SessionsTopicArn"])
    yield listener
    listener.close()


def weighed(athlete: Athlete, session_id: str, version: int) -> dict[str, Any]:
    """The session with its load, once that is there for this version."""
    found: dict[str, Any] = eventually(
        lambda: athlete.call("GET", f"/me/sessions/{session_id}").json(),
        lambda session: session["version"] == version and "load" in session,
        f"the load of version {version}",
    )
    return found


def test_a_session_gets_its_load_when_it_ends_and_another_when_it_changes(
    stage: Stage, topic: TopicListener
) -> None:
    athlete = stage.athlete()
    begun = {
        "startedAt": "2026-05-02T18:00:00+02:00",
        "sets": [SQUAT, {"exercise": "Plank", "durationS": 60}],
    }
    session_id = athlete.call("POST", "/me/sessions", begun).json()["sessionId"]
    assert "load" not in athlete.call("GET", f"/me/sessions/{session_id}").json()

    ended = athlete.call("POST", f"/me/sessions/{session_id}/complete", {"durationMin": 50, "rpe": 8}).json()
    load = weighed(athlete, session_id, ended["version"])["load"]
    assert (load["setCount"], load["volumeKg"], load["sessionRpe"]) == (2, 600, 400)
    assert load["sets"][0] == {
        "position": 1,
        "counted": True,
        "volumeKg": 600,
        "epleyKg": 120,
        "intensityPct": 83.333,
    }

    change = {"version": ended["version"], "sets": [SQUAT, SQUAT]}
    changed = athlete.call("PATCH", f"/me/sessions/{session_id}", change).json()
    assert weighed(athlete, session_id, changed["version"])["load"]["volumeKg"] == 1200

    told = eventually(
        lambda: [each for each in topic.messages() if each["sessionId"] == session_id],
        lambda found: {each["sessionVersion"] for each in found} == {ended["version"], changed["version"]},
        "a message for each version",
    )
    assert {each["message"] for each in told} == {
        "strength on 2026-05-02: 2 sets, 600 kg, load 400",
        "strength on 2026-05-02: 2 sets, 1200 kg, load 400",
    }

    assert athlete.call("DELETE", f"/me/sessions/{session_id}?version={changed['version']}").status == 204
    assert athlete.call("GET", f"/me/sessions/{session_id}").status == 404


def test_a_session_whose_workflow_failed_gets_its_load_by_a_redrive(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    athlete = stage.athlete()
    queue = stage.outputs("workers")["SessionWorkflowDeadLetterQueueUrl"]
    begun = {"startedAt": "2026-05-03T18:00:00+02:00", "sets": [SQUAT]}
    session_id = athlete.call("POST", "/me/sessions", begun).json()["sessionId"]

    with forbidden_to_store(stage):
        path = f"/me/sessions/{session_id}/complete"
        ended = athlete.call("POST", path, {"durationMin": 50, "rpe": 8}).json()
        eventually(lambda: depth(queue), lambda found: found > 0, "the failed workflow's letter")
    assert "load" not in athlete.call("GET", f"/me/sessions/{session_id}").json()

    words = ["run", "workers.SessionWorkflowDeadLetterQueue", "--contains", session_id]
    monkeypatch.setattr(sys, "argv", ["redrive.py", "--stage", stage.name, *words])
    assert redrive.main() == 0, capsys.readouterr().out

    assert weighed(athlete, session_id, ended["version"])["load"]["volumeKg"] == 600
    assert depth(queue) == 0


@contextmanager
def forbidden_to_store(stage: Stage) -> Iterator[None]:
    """The workflow's last function may not write to the table for a while."""
    found = boto3.client("cloudformation").describe_stack_resource(
        StackName=f"wotr-workers-{stage.name}", LogicalResourceId="SessionLoadRole"
    )
    role, iam = str(found["StackResourceDetail"]["PhysicalResourceId"]), boto3.client("iam")
    statement = {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="denied-by-a-test", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denied-by-a-test")
