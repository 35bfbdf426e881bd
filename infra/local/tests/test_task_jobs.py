"""Gap: a state machine's `ecs:runTask.sync` ends as its task does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from images import TASKS_MAY_ASSUME, Jobs
from stack import Client, Wait

Execute = Callable[..., dict[str, Any]]
ENDS = "import sys; sys.exit(int(sys.argv[1]))"


@pytest.fixture
def jobs(client: Client, eventually: Wait) -> Jobs:
    return Jobs(client, eventually)


@pytest.fixture
def execute(client: Client, eventually: Wait, jobs: Jobs) -> Iterator[Execute]:
    """Run a task as a state machine's only state, to its end."""
    states, made = client("stepfunctions"), []
    trust = {**TASKS_MAY_ASSUME["Statement"][0], "Principal": {"Service": "states.amazonaws.com"}}
    role = client("iam").create_role(
        RoleName=f"{jobs.name}-states",
        AssumeRolePolicyDocument=json.dumps(TASKS_MAY_ASSUME | {"Statement": [trust]}),
    )["Role"]["Arn"]

    def run(definition: str, code: int, **state: Any) -> dict[str, Any]:
        overrides = {"ContainerOverrides": [{"Name": "job", "Command": [str(code)]}]}
        parameters = {"Cluster": jobs.cluster, "TaskDefinition": definition, "LaunchType": "FARGATE"}
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::ecs:runTask.sync",
            "Parameters": {**parameters, "Overrides": overrides},
            "End": True,
        }
        machine = states.create_state_machine(
            name=f"jobs-{secrets.token_hex(4)}",
            definition=json.dumps({"StartAt": "Run", "States": {"Run": task | state}}),
            roleArn=role,
        )["stateMachineArn"]
        made.append(machine)
        arn = states.start_execution(stateMachineArn=machine)["executionArn"]

        def ended() -> Any:
            found = states.describe_execution(executionArn=arn)
            return found["status"] != "RUNNING" and found

        return dict(eventually(ended))

    yield run
    for machine in made:
        states.delete_state_machine(stateMachineArn=machine)


def test_its_result_is_the_task_that_ended_well(jobs: Jobs, execute: Execute) -> None:
    ended = execute(jobs.define(jobs.image(ENDS)), 0)
    assert ended["status"] == "SUCCEEDED"
    task = json.loads(ended["output"])
    assert (task["LastStatus"], task["Containers"][0]["ExitCode"]) == ("STOPPED", 0)


def test_it_fails_where_the_container_did_and_tells_with_which_code(jobs: Jobs, execute: Execute) -> None:
    ended = execute(jobs.define(jobs.image(ENDS)), 5)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(ended["cause"])["Containers"][0]["ExitCode"] == 5


def test_it_fails_where_the_container_never_began(jobs: Jobs, execute: Execute) -> None:
    ended = execute(jobs.define("nowhere/some/job:1"), 0)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert "no image" in json.loads(ended["cause"])["StoppedReason"]


def test_a_task_that_cannot_be_asked_for_fails_by_its_own_name(jobs: Jobs, execute: Execute) -> None:
    ended = execute("nothing-like-that", 0)
    assert (ended["status"], ended["error"]) == ("FAILED", "ECS.ClientException")


def test_it_is_tried_again(jobs: Jobs, execute: Execute) -> None:
    retry = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}
    execute(jobs.define(jobs.image(ENDS)), 5, Retry=[retry])
    assert len(jobs.ecs.list_tasks(cluster=jobs.cluster, desiredStatus="STOPPED")["taskArns"]) == 2
