"""Tasks of ECS run as processes of this machine.

AWS: Fargate pulls a task's image and runs it with the task definition's environment and the task role's
credentials; its output goes to the log group. StopTask sends SIGTERM and, after the container's stop timeout,
SIGKILL; the task is STOPPED when the container has ended, with its exit code.
MiniStack: wants Docker, and without it only says that tasks run. Its credentials are nobody's. StopTask tells
STOPPED and exit code 0 whatever the container does.
Bridge: a stand-in for Docker's client starts the command of an image that was built for this machine as a
process (`localcloud.containers`); it gets a session of the task role. A task that is told to stop ends when
its process does. Limits of processor and memory, user, file system and network are not enforced.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region, json_response, request_scope
from ministack.services import ecs, s3, sts

from localcloud import containers
from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.responses:request_scope",
    "ministack.services.ecs:_ACTION_MAP",
    "ministack.services.ecs:_get_docker",
    "ministack.services.ecs:_mark_task_stopped",
    "ministack.services.ecs:_resolve_cluster_name",
    "ministack.services.ecs:_resolve_task",
    "ministack.services.ecs:_sanitize",
    "ministack.services.ecs:_stop_task",
    "ministack.services.ecs:_task_defs",
    "ministack.services.ecs:_tasks",
    "ministack.services.s3:_get_object_data",
    "ministack.services.sts:register_session",
)
_TASK = "com.amazonaws.ecs.task-arn"
_FOREIGN = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
Task = dict[str, Any]


def apply(settings: Settings) -> None:
    """Put processes in Docker's place, and let StopTask wait for them."""
    engine = containers.Engine(settings.functions_python, s3._get_object_data, _surroundings)
    ecs._get_docker = lambda: engine
    stop_task = ecs._stop_task

    def stop_process(data: dict[str, Any]) -> Any:
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        task = ecs._resolve_task(data.get("task", ""), cluster)
        if not task or task["lastStatus"] == "STOPPED" or not task.get("_docker_ids"):
            return stop_task(data)
        running = [engine.get(each) for each in task["_docker_ids"]]
        for container in running:
            container.held = True
        scope = (get_account_id(), get_region())
        reason = data.get("reason", "Task stopped by user")
        arguments = (task, running, reason, scope)
        threading.Thread(target=_stop, args=arguments, daemon=True, name="container-stop").start()
        return json_response({"task": ecs._sanitize({**task, "desiredStatus": "STOPPED"})})

    ecs._stop_task = ecs._ACTION_MAP["StopTask"] = stop_process


def _stop(task: Task, running: list[containers.Container], reason: str, scope: tuple[str, str]) -> None:
    with request_scope(*scope):
        defined = _definition(task)["containerDefinitions"]
        for place, container in enumerate(running):
            container.stop(float(defined[place].get("stopTimeout", containers.GRACE_S)))
            task["containers"][place]["exitCode"] = container.wait()["StatusCode"]
        ecs._mark_task_stopped(task["taskArn"], task, reason, "UserInitiated")
        for container in running:
            container.held = False


def _surroundings(labels: Mapping[str, str], given: dict[str, str]) -> dict[str, str]:
    """The environment and what Fargate adds to it: region and role, and here the address of this cloud."""
    task = ecs._tasks[labels[_TASK]]
    return {
        **{name: value for name, value in given.items() if name not in _FOREIGN},
        "AWS_ENDPOINT_URL": containers.endpoint(),
        "AWS_REGION": get_region(),
        "AWS_EC2_METADATA_DISABLED": "true",
        **_session(task["taskArn"], _definition(task).get("taskRoleArn", "")),
    }


def _session(task_arn: str, role_arn: str) -> dict[str, str]:
    """Credentials of the task's role; none where it has no role."""
    if not role_arn:
        return {}
    role, name = role_arn.rpartition("/")[2], task_arn.rpartition("/")[2]
    digest = hashlib.sha256(f"{task_arn}:{role_arn}".encode()).hexdigest()
    key, secret, token = f"ASIA{digest[:16].upper()}", digest[16:48], digest[48:]
    session = {"SecretAccessKey": secret, "SessionToken": token, "UserId": f"{role}:{name}"}
    arn = f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/{name}"
    sts.register_session(key, {"Arn": arn, **session})
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _definition(task: Task) -> Any:
    return ecs._task_defs[task["taskDefinitionArn"].rpartition("/")[2]]
