"""Gap: tasks of ECS run as processes of this machine."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from images import DOCKERFILE, TASKS_MAY_ASSUME, Jobs
from stack import Client, Wait

from localcloud import dockerfile

SAYS = """
import importlib.util, json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "here": os.getcwd(), "variables": dict(os.environ)}))
print(json.dumps([importlib.util.find_spec(name) is None for name in ("boto3", "job")]))
sys.exit(7)
"""
STOPS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print("ready")
time.sleep(60)
"""
IGNORES = STOPS.replace("lambda *_: sys.exit(3)", "signal.SIG_IGN")


@pytest.fixture
def jobs(client: Client, eventually: Wait) -> Jobs:
    return Jobs(client, eventually)


@pytest.fixture
def role(client: Client) -> str:
    made = client("iam").create_role(
        RoleName="jobs-role", AssumeRolePolicyDocument=json.dumps(TASKS_MAY_ASSUME)
    )
    return str(made["Role"]["Arn"])


def test_a_task_runs_its_image_as_its_role_and_ends_with_its_code(
    jobs: Jobs, role: str, client: Client, eventually: Wait
) -> None:
    given = [{"name": "SAID_BY", "value": "definition"}, {"name": "MINE", "value": "1"}]
    definition = jobs.define(jobs.image(SAYS), role, environment=given)
    arn = jobs.run(
        definition, command=["--event", "x y"], environment=[{"name": "MORE", "value": "override"}]
    )

    ended = jobs.ended(arn)
    assert ended["containers"][0]["exitCode"] == 7
    assert ended["stopCode"] == "EssentialContainerExited"
    said, hidden = (
        json.loads(line) for line in eventually(lambda: len(jobs.logged(arn)) == 2 and jobs.logged(arn))
    )
    variables = said["variables"]
    assert said["arguments"] == ["--event", "x y"]
    assert said["here"] == variables["PYTHONPATH"]
    assert hidden == [True, False], "the interpreter's packages are not the image's"
    assert (variables["SAID_BY"], variables["MINE"], variables["MORE"]) == ("definition", "1", "override")
    assert not any(name.startswith("MINISTACK") or name == "GATEWAY_PORT" for name in variables)
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        region_name=variables["AWS_REGION"],
    )
    who = session.client("sts", endpoint_url=variables["AWS_ENDPOINT_URL"]).get_caller_identity()["Arn"]
    assert who.split("/")[1:] == ["jobs-role", arn.rpartition("/")[2]]


def running(jobs: Jobs, code: str, **container: Any) -> str:
    """A task that has said that it is ready."""
    arn = jobs.run(jobs.define(jobs.image(code), **container))
    jobs.until(arn, lambda task: task["lastStatus"] == "RUNNING" and jobs.logged(arn) == ["ready"])
    return arn


def test_a_task_that_is_told_to_stop_ends_with_its_own_code(jobs: Jobs) -> None:
    arn = running(jobs, STOPS)
    answer = jobs.ecs.stop_task(cluster=jobs.cluster, task=arn, reason="enough")["task"]
    assert answer["desiredStatus"] == "STOPPED"
    ended = jobs.ended(arn)
    assert (ended["stopCode"], ended["stoppedReason"]) == ("UserInitiated", "enough")
    assert ended["containers"][0]["exitCode"] == 3


def test_a_task_that_does_not_stop_is_killed_after_its_stop_timeout(jobs: Jobs) -> None:
    arn = running(jobs, IGNORES, stopTimeout=2)
    jobs.ecs.stop_task(cluster=jobs.cluster, task=arn)
    assert jobs.task(arn)["lastStatus"] == "RUNNING"
    assert jobs.ended(arn)["containers"][0]["exitCode"] == 137


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [("nowhere/some/job:1", "no image that was built"), ("RUN pip install x", "only Docker can do that")],
)
def test_a_task_without_an_image_that_can_run_here_fails_to_start_and_says_why(
    jobs: Jobs, wrong: str, reason: str
) -> None:
    image = wrong if "/" in wrong else jobs.image(SAYS, DOCKERFILE + wrong)
    ended = jobs.ended(jobs.run(jobs.define(image)))
    assert ended["stopCode"] == "TaskFailedToStart"
    assert reason in ended["stoppedReason"]


def test_a_dockerfile_is_read_as_docker_reads_it() -> None:
    recipe = dockerfile.read(DOCKERFILE)
    assert recipe.copied == {"/opt/task": "task"}
    assert recipe.environment == {"PYTHONPATH": "/opt/task", "SAID_BY": "image"}
    assert recipe.directory == "/opt/task"
    assert recipe.entrypoint == ["python", "-u", "-m", "job"]
