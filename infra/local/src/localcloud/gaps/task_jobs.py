"""A state machine's `ecs:runTask.sync` ends as its task does.

AWS: the state ends when the task is STOPPED. Its result is the task, spelled with capitals; where an
essential container ended with another code than 0, or never began, it fails as States.TaskFailed with the
task as cause, and where no task was placed as AmazonECS.Unknown.
MiniStack: gives the answer of DescribeTasks as result whatever the code was, and gives up after ten minutes.
Bridge: the state waits as long as its task runs, and fails where that did.
Not bridged: stopping an execution, or its TimeoutSeconds, leaves the task running.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.services import ecs, stepfunctions

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.ecs:_describe_tasks",
    "ministack.services.ecs:_run_task",
    "ministack.services.stepfunctions:_ExecutionError",
    "ministack.services.stepfunctions:_SERVICE_DISPATCH",
    "ministack.services.stepfunctions:_pascal_to_camel",
)
_RUN_TASK = "arn:aws:states:::ecs:runTask"
_POLL_S = 0.1


def apply(_settings: Settings) -> None:
    """Run jobs; a call that does not wait is left as it is."""
    call = stepfunctions._SERVICE_DISPATCH[_RUN_TASK]

    def run(resource: str, given: dict[str, Any]) -> Any:
        return _job(given) if resource.endswith(".sync") else call(resource, given)

    stepfunctions._SERVICE_DISPATCH[_RUN_TASK] = run


def _job(given: dict[str, Any]) -> Any:
    request = stepfunctions._pascal_to_camel(given)
    status, _, body = ecs._run_task(request)
    answer = json.loads(body)
    if status >= 400:
        kind = answer.get("__type", "AmazonECSException").rpartition("#")[2]
        raise stepfunctions._ExecutionError(f"ECS.{kind}", answer.get("message", ""))
    if answer["failures"]:
        raise stepfunctions._ExecutionError("AmazonECS.Unknown", json.dumps(_capitals(answer["failures"])))
    task = _ended(request.get("cluster", "default"), answer["tasks"][0]["taskArn"])
    ended = _capitals(task)
    if any(container.get("exitCode") != 0 for container in task["containers"]):
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(ended))
    return ended


def _ended(cluster: str, arn: str) -> Any:
    """The task, once it is STOPPED."""
    while True:
        _, _, body = ecs._describe_tasks({"cluster": cluster, "tasks": [arn]})
        (task,) = json.loads(body)["tasks"]
        if task["lastStatus"] == "STOPPED":
            return task
        time.sleep(_POLL_S)


def _capitals(value: Any) -> Any:
    """An answer as Step Functions spells it."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: _capitals(inner) for name, inner in value.items()}
    return [_capitals(inner) for inner in value] if isinstance(value, list) else value
