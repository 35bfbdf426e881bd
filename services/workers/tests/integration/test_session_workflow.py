"""The session workflow on a deployed stage: each version weighed once, failures kept and made good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from tests.integration.stage import Ask, Ear, denied, eventually, physical

from wotr_common import keys
from wotr_workers.store import Item, Table
from wotr_workers.workflow.starting import execution_name

START = "2026-03-01T17:30:00Z"
SQUAT = {"exercise": "Squat", "weightKg": 100, "reps": 5}
WARM_UP = {"exercise": "squat", "setType": "warmup", "weightKg": 40, "reps": 10}
PLANK = {"exercise": "Plank", "durationS": 90}
ENDED = {"durationMin": 45, "rpe": 8}


@pytest.fixture(scope="module")
def topic(outputs: dict[str, str]) -> Iterator[Ear]:
    """Hears of sessions."""
    ear, sns = Ear(), boto3.client("sns")
    subscription = sns.subscribe(
        TopicArn=outputs["workers.SessionsTopicArn"],
        Protocol="sqs",
        Endpoint=ear.arn,
        ReturnSubscriptionArn=True,
    )
    yield ear
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    ear.close()


class Workflow:
    """What one user's sessions come to."""

    def __init__(self, outputs: dict[str, str], topic: Ear, user: str, ask: Ask) -> None:
        self.outputs = outputs
        self.user = user
        self.ask = ask
        self.states = boto3.client("stepfunctions")
        self.arn = outputs["workers.SessionWorkflowArn"]
        self._topic = topic
        self._table = Table(boto3.client("dynamodb"), outputs["data.WorkoutsTableName"])

    def completed(self, *sets: dict[str, Any], start: str = START) -> dict[str, Any]:
        """A session that was begun with `sets` and ended."""
        begun = self.ask("session.create", session={"startedAt": start, "sets": list(sets)})
        session_id = begun.body["sessionId"]
        return self.ask("session.complete", sessionId=session_id, completion=ENDED).body

    def load(self, session: dict[str, Any]) -> Item | None:
        key = keys.session_load_key(self.user, session["sessionId"])
        return self._table.get(key["pk"], [key["sk"]]).get(key["sk"])

    def weighed(self, session: dict[str, Any]) -> Item:
        """The load, once it is that of this version."""
        found = eventually(
            lambda: self.load(session),
            lambda load: load is not None and load["version"] == session["version"],
        )
        assert found is not None
        return found

    def told(self, session: dict[str, Any]) -> list[dict[str, Any]]:
        """The topic's messages about this version, at least one."""

        def found() -> list[dict[str, Any]]:
            return [
                heard
                for heard in self._topic.heard()
                if (said := json.loads(heard["Message"]))["userId"] == self.user
                and said["sessionVersion"] == session["version"]
            ]

        return eventually(found, bool)

    def ended(self, session: dict[str, Any]) -> dict[str, Any]:
        """The execution for this version, once it is over."""
        name = execution_name(self.user, session["sessionId"], session["version"])
        arn = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        return self.over(arn)

    def by_hand(self, given: dict[str, Any]) -> dict[str, Any]:
        """An execution with this input, once it is over."""
        arn = self.states.start_execution(stateMachineArn=self.arn, input=json.dumps(given))["executionArn"]
        return self.over(arn)

    def over(self, arn: str) -> dict[str, Any]:
        def found() -> dict[str, Any]:
            try:
                return dict(self.states.describe_execution(executionArn=arn))
            except self.states.exceptions.ExecutionDoesNotExist:
                return {"status": "RUNNING"}

        return eventually(found, lambda execution: execution["status"] != "RUNNING")

    def failures(self) -> list[dict[str, Any]]:
        """What lies in the dead-letter queue, taken out of it."""
        sqs, url = boto3.client("sqs"), self.outputs["workers.SessionWorkflowDeadLetterQueueUrl"]
        found = []
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [each for each in found if each["input"].get("userId") == self.user]

    def event(self, session: dict[str, Any], name: str = "session.completed", **data: Any) -> Any:
        """The entry of an event as the publisher puts it on the bus."""
        detail = {
            "version": 1,
            "name": name,
            "id": "6f7c1f2e-8a55-5d0c-9f57-0f6f0c6b1b11",
            "occurredAt": START,
            "correlationId": "again",
            "userId": self.user,
            "data": {
                "sessionId": session["sessionId"],
                "version": session["version"],
                "type": "strength",
                "startedAt": START,
                "sets": 1,
                "volumeKg": 0,
                "source": "api",
                **data,
            },
        }
        return {
            "EventBusName": self.outputs["platform.EventBusName"],
            "Source": "wotr.workers",
            "DetailType": name,
            "Detail": json.dumps(detail),
        }

    def executions(self) -> list[str]:
        """The sessions and versions of this user that the workflow was started for."""
        whose = execution_name(self.user, "", 0).rpartition("-")[2]
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=self.arn)
        names = (each["name"] for page in pages for each in page["executions"])
        return sorted(name for name in names if name.endswith(whose))


@pytest.fixture
def workflow(outputs: dict[str, str], topic: Ear, user: str, ask: Ask) -> Workflow:
    return Workflow(outputs, topic, user, ask)


@contextmanager
def switched_off(function: str) -> Iterator[None]:
    """A function that throttles every call for a while."""
    client, name = boto3.client("lambda"), physical(function)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.delete_function_concurrency(FunctionName=name)


def test_a_session_that_ends_is_weighed_set_by_set_stored_and_told(workflow: Workflow) -> None:
    session = workflow.completed(WARM_UP, SQUAT, {**SQUAT, "reps": 3}, PLANK)

    load = workflow.weighed(session)
    assert (load["setCount"], load["volumeKg"], load["sessionRpe"]) == (3, 800, 360)
    assert [each["counted"] for each in load["sets"]] == [False, True, True, True]
    assert workflow.ended(session)["status"] == "SUCCEEDED"

    (heard,) = workflow.told(session)
    attributes = {name: each["Value"] for name, each in heard["MessageAttributes"].items()}
    assert attributes == {"userId": workflow.user, "type": "strength"}
    said = json.loads(heard["Message"])
    assert said["message"] == "strength on 2026-03-01: 3 sets, 800 kg, load 360"
    assert said["load"]["volumeKg"] == 800


def test_a_session_of_one_set_is_weighed_too(workflow: Workflow) -> None:
    session = workflow.completed(SQUAT)
    assert [each["volumeKg"] for each in workflow.weighed(session)["sets"]] == [500]


def test_the_load_follows_the_session_until_it_is_gone(workflow: Workflow) -> None:
    session = workflow.completed(SQUAT)
    workflow.weighed(session)
    change = {"version": session["version"], "sets": [SQUAT, SQUAT]}
    changed = workflow.ask("session.change", sessionId=session["sessionId"], change=change).body
    assert workflow.weighed(changed)["volumeKg"] == 1000

    # The first version once more, by hand as a redrive does it: too late.
    given = {"userId": workflow.user, "sessionId": session["sessionId"], "version": session["version"]}
    over = workflow.by_hand({**given, "correlationId": "late"})
    assert (over["status"], json.loads(over["output"])["current"]) == ("SUCCEEDED", False)
    assert workflow.weighed(changed)["volumeKg"] == 1000

    deletion = {"sessionId": session["sessionId"], "version": changed["version"]}
    assert workflow.ask("session.delete", **deletion).status == 204
    assert workflow.load(session) is None
    over = workflow.by_hand({**given, "version": changed["version"], "correlationId": "later"})
    assert json.loads(over["output"])["reason"] == "the session is gone"
    assert workflow.load(session) is None


def test_an_event_that_comes_again_starts_nothing_and_an_imported_session_neither(workflow: Workflow) -> None:
    session = workflow.completed(SQUAT)
    workflow.weighed(session)
    imported = {**session, "version": session["version"] + 1}
    marker = {**session, "version": session["version"] + 2}
    boto3.client("events").put_events(
        Entries=[
            workflow.event(imported, importId="i1"),
            workflow.event(session),
            workflow.event(session),
            workflow.event(marker, "session.updated"),
        ]
    )
    over = workflow.ended(marker)
    assert json.loads(over["output"])["reason"] == f"the session is at version {session['version']} by now"
    assert workflow.executions() == sorted(
        execution_name(workflow.user, session["sessionId"], each["version"]) for each in (session, marker)
    )


def test_a_throttled_step_is_tried_until_it_is_done(workflow: Workflow) -> None:
    with switched_off("SessionLoadFunction"):
        session = workflow.completed(SQUAT)
        name = execution_name(workflow.user, session["sessionId"], session["version"])
        arn = f"{workflow.arn.replace(':stateMachine:', ':execution:')}:{name}"

        def errors() -> list[str]:
            if name not in workflow.executions():
                return []
            events = workflow.states.get_execution_history(executionArn=arn)["events"]
            return [
                each["taskFailedEventDetails"]["error"] for each in events if each["type"] == "TaskFailed"
            ]

        assert eventually(errors, bool)[0] == "Lambda.TooManyRequestsException"
        assert workflow.load(session) is None

    assert workflow.weighed(session)["volumeKg"] == 500
    assert workflow.ended(session)["status"] == "SUCCEEDED"
    assert workflow.failures() == []


def test_a_failed_workflow_is_kept_with_its_input_and_started_again_completes_the_session(
    workflow: Workflow,
) -> None:
    with denied("SessionLoadRole", "dynamodb:PutItem"):
        session = workflow.completed(SQUAT, PLANK)
        failed = workflow.ended(session)
    assert failed["status"] == "FAILED"
    assert workflow.load(session) is None

    (kept,) = eventually(workflow.failures, bool)
    assert set(kept) == {"stateMachineArn", "executionArn", "input", "error", "cause"}
    assert (kept["stateMachineArn"], kept["executionArn"]) == (workflow.arn, failed["executionArn"])
    assert kept["input"] == json.loads(failed["input"])
    assert (kept["error"], failed["error"]) == ("ClientError", "ClientError")
    assert "AccessDenied" in kept["cause"]

    logs = boto3.client("logs").filter_log_events(logGroupName=physical("SessionWorkflowLogGroup"))["events"]
    lines = [json.loads(each["message"]) for each in logs]
    mine = [line["type"] for line in lines if line["execution_arn"] == failed["executionArn"]]
    assert mine == ["TaskFailed", "ExecutionFailed"]

    assert workflow.by_hand(kept["input"])["status"] == "SUCCEEDED"
    assert workflow.weighed(session)["setCount"] == 2
    assert len(workflow.told(session)) == 1


def test_bad_input_fails_at_once_and_is_kept(workflow: Workflow) -> None:
    given = {"userId": workflow.user, "sessionId": "no session", "version": 1, "correlationId": "c"}
    assert workflow.by_hand(given)["error"] == "BadInput"
    (kept,) = eventually(workflow.failures, bool)
    assert (kept["input"], kept["error"]) == (given, "BadInput")
    assert "sessionId: must match" in kept["cause"]
