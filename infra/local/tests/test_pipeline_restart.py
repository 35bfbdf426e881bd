"""Pipelines across a restart of the local cloud: what waits goes on, what ran is taken up or failed."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from pipelines import Account, Running, account, approval, approved, stage
from stack import Client, Wait

from localcloud import LocalCloud

# A provider of the tests' own: an action lasts until there is a file, and is taken up if it has told a job.
PROVIDER = """
from pathlib import Path
from localcloud.pipelines.actions import Outcome
CONFIGURATION = frozenset({"Until", "Log", "Job"})
REQUIRED = frozenset({"Until", "Log"})
def run(action):
    with open(action.configuration["Log"], "a") as log:
        revision = action.inputs["Source"].revision
        log.write(f"{action.name} of {revision} resumes {action.resumes!r}\\n")
    if "Job" in action.configuration:
        action.tell(action.configuration["Job"], "https://example.com/job", "under way")
    while not Path(action.configuration["Until"]).exists():
        if action.stop.wait(0.02):
            return Outcome("Abandoned", "told to stop")
    return Outcome("Succeeded", "done")
"""
REGISTERED = """
from localcloud.pipelines import providers
providers.TABLE["Test", "Contract"] = providers.Entry("contract_provider", (0, 5), (0, 5))
"""


class Cloud(LocalCloud):
    """A local cloud whose server knows the tests' provider."""

    def __init__(self, root: Path, modules: Path) -> None:
        super().__init__(root, persist=True)
        self._modules = modules

    def _server_environment(self, nonce: str) -> dict[str, str]:
        settings = super()._server_environment(nonce)
        return settings | {"PYTHONPATH": f"{self._modules}{os.pathsep}{settings['PYTHONPATH']}"}


@pytest.fixture
def cloud_again(cloud: LocalCloud, root: Path, tmp_path: Path) -> Callable[[], Cloud]:
    """Start a cloud of this test's own, each time with the state of the last."""
    del cloud  # it has made the environments
    (tmp_path / ".wotr").mkdir()
    (tmp_path / ".wotr" / "environments").symlink_to((root / ".wotr" / "environments").resolve())
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "contract_provider.py").write_text(PROVIDER, encoding="utf-8")
    (modules / "sitecustomize.py").write_text(REGISTERED, encoding="utf-8")
    return lambda: Cloud(tmp_path, modules)


def client_of(cloud: LocalCloud) -> Client:
    said = cloud.environment()
    session = boto3.Session(said["AWS_ACCESS_KEY_ID"], said["AWS_SECRET_ACCESS_KEY"])
    make: Client = session.client
    return lambda name: make(name, region_name=cloud.region, endpoint_url=cloud.endpoint)


def long_action(tmp_path: Path, name: str, **configuration: str) -> dict[str, Any]:
    return {
        "name": name,
        "actionTypeId": {"category": "Test", "owner": "AWS", "provider": "Contract", "version": "1"},
        "configuration": {"Until": str(tmp_path / "until"), "Log": str(tmp_path / "log")} | configuration,
        "inputArtifacts": [{"name": "Source"}],
    }


def test_approvals_and_queues_go_on_after_a_restart(
    cloud_again: Callable[[], Cloud], eventually: Wait
) -> None:
    with cloud_again() as cloud:
        ours: Account = account(client_of(cloud))
        running = ours.make(stage("Approve", approval()), stage("Last", approval()))
        first, second = running.first(), running.start()
        eventually(lambda: running.waiting("Approve") == [second])
        token = eventually(lambda: running.token("Approve"))
        before = running.actions()
        transition = {"pipelineName": running.name, "stageName": "Last", "transitionType": "Inbound"}
        running.api.disable_stage_transition(reason="freeze", **transition)
    with cloud_again() as cloud:
        running = Running(client_of(cloud), running.name)
        assert running.actions() == before
        assert (running.token("Approve"), running.waiting("Approve")) == (token, [second])
        running.answer("Approve", token, summary="after the restart")
        eventually(lambda: running.waiting("Last") == [first])
        assert running.inside("Approve") == second
        running.api.enable_stage_transition(**transition)
        approved(running, eventually, "Last")
        assert eventually(running.ended(first))["status"] == "Succeeded"


def test_an_answer_just_before_the_end_counts_after_the_restart(
    cloud_again: Callable[[], Cloud], eventually: Wait
) -> None:
    with cloud_again() as cloud:
        running = account(client_of(cloud)).make(stage("Approve", approval()))
        running.answer("Approve", eventually(lambda: running.token("Approve")), summary="at the last moment")
    with cloud_again() as cloud:
        running = Running(client_of(cloud), running.name)
        assert eventually(running.ended(running.first()))["status"] == "Succeeded"
        assert running.action("Approve", "Approve")["latestExecution"]["summary"] == "at the last moment"
        running.start()
        eventually(lambda: running.token("Approve"))
        urllib.request.urlopen(urllib.request.Request(f"{cloud.endpoint}/_ministack/reset", method="POST"))
        assert running.api.list_pipelines()["pipelines"] == []


def test_an_approval_that_nobody_gives_fails_after_its_time(
    cloud_again: Callable[[], Cloud], tmp_path: Path, eventually: Wait
) -> None:
    with cloud_again() as cloud:
        ours = account(client_of(cloud))
        week, hour = (
            ours.make(stage("Approve", approval())),
            ours.make(stage("Approve", approval(timeoutInMinutes=60))),
        )
        for running in (week, hour):
            eventually(lambda running=running: running.token("Approve"))
    state = tmp_path / ".wotr" / "state" / "services" / "codepipeline.json"
    for days, failed in ((6, [hour]), (1, [week])):
        said = json.loads(state.read_text(encoding="utf-8"))
        for pipeline in said["payload"]["pipelines"]:
            for action in pipeline["executions"][0]["actions"]:
                action["started"] -= days * 24 * 3600
        state.write_text(json.dumps(said), encoding="utf-8")
        with cloud_again() as cloud:
            for running in (Running(client_of(cloud), each.name) for each in failed):
                ended = eventually(running.ended(running.first()))
                assert ended["status"] == "Failed"
                assert "Nobody answered" in ended["statusSummary"]
            if failed == [hour]:
                assert Running(client_of(cloud), week.name).token("Approve")


def test_what_ran_is_taken_up_by_what_it_told_or_else_fails(
    cloud_again: Callable[[], Cloud], tmp_path: Path, eventually: Wait
) -> None:
    with cloud_again() as cloud:
        ours = account(client_of(cloud))
        told = ours.make(stage("Test", long_action(tmp_path, "Told", Job="job-7")), stage("Last", approval()))
        silent = ours.make(stage("Test", long_action(tmp_path, "Silent")))
        eventually(lambda: told.action("Test", "Told").get("latestExecution", {}).get("externalExecutionId"))
        latest = told.action("Test", "Told")["latestExecution"]
        assert (latest["summary"], latest["externalExecutionUrl"]) == ("under way", "https://example.com/job")
        eventually(lambda: "latestExecution" in silent.action("Test", "Silent"))
        eventually(lambda: "Silent" in (tmp_path / "log").read_text(encoding="utf-8"))
        ids = [each["actionExecutionId"] for each in told.actions()]
        tag = told.action("Source", "Source")["currentRevision"]["revisionId"]
    (tmp_path / "until").touch()
    with cloud_again() as cloud:
        told, silent = (Running(client_of(cloud), each.name) for each in (told, silent))
        approved(told, eventually, "Last")
        assert eventually(told.ended(told.first()))["status"] == "Succeeded"
        assert [each["actionExecutionId"] for each in told.actions()][-len(ids) :] == ids
        failed = eventually(silent.ended(silent.first()))
        assert failed["status"] == "Failed"
        assert "was stopped while the action ran" in failed["statusSummary"]
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert sorted(lines) == [
        f"Silent of {tag} resumes ''",
        f"Told of {tag} resumes ''",
        f"Told of {tag} resumes 'job-7'",
    ]


def test_what_was_to_stop_stops_after_the_restart(
    cloud_again: Callable[[], Cloud], tmp_path: Path, eventually: Wait
) -> None:
    with cloud_again() as cloud:
        ours = account(client_of(cloud))
        later = approval("Later", runOrder=2)
        running = ours.make(stage("Test", long_action(tmp_path, "Told", Job="job-7"), later))
        eventually(
            lambda: running.action("Test", "Told").get("latestExecution", {}).get("externalExecutionId")
        )
        running.api.stop_pipeline_execution(
            pipelineName=running.name, pipelineExecutionId=running.first(), reason="enough"
        )
    (tmp_path / "until").touch()
    with cloud_again() as cloud:
        running = Running(client_of(cloud), running.name)
        assert eventually(running.ended(running.first()))["status"] == "Stopped"
        assert running.action("Test", "Told")["latestExecution"]["status"] == "Succeeded"
        assert "latestExecution" not in running.action("Test", "Later")
