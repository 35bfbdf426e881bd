"""The session workflow of services/workers: what starts it, and the step of it that stores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import boto3
import history
from consumer import Consumer, Item, World

from wotr_common import keys
from wotr_common.events import SOURCE
from wotr_common.items import session_item
from wotr_common.session import Session, TrainingSet


def session(user: str, day: int) -> Session:
    """The session of that day, with an id that is nobody else's: executions are known by it."""
    session_id = keys.session_id(history.start(day), user.replace("-", "")[-20:])
    heavier = [TrainingSet(exercise="Squat", weight_kg=Decimal(90), reps=3)]
    made = history.session(user, day)
    felt = {"duration_min": Decimal(45), "rpe": Decimal(8)}
    return made.model_copy(update={"session_id": session_id, "sets": (*made.sets, *heavier), **felt})


class _OfSessions(Consumer):
    """Is fed by sessions that ended: the stream tells of them, the bus brings them in."""

    items = (
        6  # for each of two users: the loads of three sessions, each with the one execution that weighed it
    )

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._states = boto3.client("stepfunctions")
        self._workflow = world.stage.outputs("workers")["SessionWorkflowArn"]

    def inputs(self, users: Sequence[str]) -> list[Session]:
        return [session(user, day) for day in range(3) for user in users]

    def send(self, inputs: Sequence[Session]) -> None:
        for each in inputs:
            self.world.put(self.world.workouts, session_item(each))

    def found(self, users: Sequence[str]) -> list[Item]:
        pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=self._workflow)
        executions = [each for page in pages for each in page["executions"]]
        found = []
        for each in self.inputs(users):
            key = keys.session_load_key(each.user_id, each.session_id)
            ended = [one["status"] for one in executions if one["name"].startswith(each.session_id)]
            if "RUNNING" in ended:
                continue
            for load in self.world.stored(each.user_id, key["sk"].__eq__):
                said = {name: load[name] for name in ("volumeKg", "reps", "sets", "sessionRpe")}
                found.append(
                    {"user": each.user_id, "at": each.started_at.isoformat(), "ended": ended, **said}
                )
        return found


class StartWorkflow(_OfSessions):
    """Queue to executions."""

    name = "start_workflow"
    function = "workers/StartWorkflowFunction"
    last_queue = "workers.SessionEventDeadLetterQueueUrl"
    effects = throttled = ("states:StartExecution",)

    def poison(self, users: Sequence[str]) -> str:
        said = {"name": "session.completed", "userId": users[0], "data": "no session"}
        entry: Any = {
            "EventBusName": self.world.stage.outputs("platform")["EventBusName"],
            "Source": SOURCE,
            "DetailType": "session.completed",
            "Detail": json.dumps(said),
        }
        self.world.events.put_events(Entries=[entry])
        return "no session"


class SessionLoad(_OfSessions):
    """Last step of the workflow to table: it is the state machine that tries again, and keeps what fails."""

    name = "session_load"
    function = "workers/SessionLoadFunction"
    last_queue = "workers.SessionWorkflowDeadLetterQueueUrl"
    effects = throttled = ("dynamodb:TransactWriteItems",)

    def poison(self, users: Sequence[str]) -> str:
        given = {"userId": users[0], "sessionId": "no session", "version": 1, "correlationId": "poison"}
        self._states.start_execution(stateMachineArn=self._workflow, input=json.dumps(given))
        return "no session"
