"""Projects: how many builds they have at once, how those are stopped, what is refused, and CloudFormation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from build_projects import ENVIRONMENT, SIMPLE, Projects
from stack import Client, Deploy, StackFailed, Wait, deploy


@pytest.fixture
def projects(client: Client, eventually: Wait) -> Projects:
    return Projects(client, eventually)


# Many builds, stopping


def test_a_build_is_stopped_with_all_that_it_started(projects: Projects, tmp_path: Path) -> None:
    spec = f"""
    version: 0.2
    phases:
      build:
        commands:
          - setsid sleep 300 & echo $! >>{tmp_path}/pids
          - sleep 300 & echo $! >>{tmp_path}/pids; wait
        finally: [echo never]
    """
    build = projects.start(projects.project(spec))
    noted = tmp_path / "pids"
    projects.eventually(lambda: noted.exists() and len(noted.read_text().split()) == 2)
    processes = noted.read_text().split()
    projects.builds.stop_build(id=build)
    built = projects.ended(build)
    assert (built.status, built.phases["BUILD"]) == ("STOPPED", "STOPPED")
    assert built.lines == []
    alive = [each for each in processes if Path(f"/proc/{each}/cmdline").exists() and _runs(each)]
    assert alive == []


def _runs(process: str) -> bool:
    try:
        return b"sleep" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_project_has_no_more_builds_than_it_may(projects: Projects, tmp_path: Path) -> None:
    go = tmp_path / "go"
    spec = f"version: 0.2\nphases: {{build: {{commands: ['until [ -e {go} ]; do sleep 0.05; done']}}}}\n"
    project = projects.project(spec, concurrentBuildLimit=1)
    build = projects.start(project)
    with pytest.raises(ClientError, match="concurrentBuildLimit") as refused:
        projects.start(project)
    assert refused.value.response["Error"]["Code"] == "AccountLimitExceededException"
    go.touch()
    assert projects.ended(build).status == "SUCCEEDED"
    assert projects.told(projects.start(project))["buildNumber"] == 2


def test_larger_builds_wait_for_each_other(projects: Projects, tmp_path: Path) -> None:
    go = tmp_path / "go"
    spec = f"version: 0.2\nphases: {{build: {{commands: ['until [ -e {go} ]; do sleep 0.05; done']}}}}\n"
    project = projects.project(spec, environment=ENVIRONMENT | {"computeType": "BUILD_GENERAL1_LARGE"})
    builds = [projects.start(project) for _ in range(max(2, (os.cpu_count() or 2) // 2) + 1)]

    def phases_now() -> list[str]:
        return [projects.told(build)["currentPhase"] for build in builds]

    projects.eventually(lambda: phases_now().count("BUILD") == len(builds) - 1)
    assert phases_now()[-1] == "QUEUED"
    assert projects.build(SIMPLE).status == "SUCCEEDED", "small ones do not wait for them"
    projects.builds.stop_build(id=builds[-1])
    assert projects.ended(builds[-1]).phases["QUEUED"] == "STOPPED"
    go.touch()
    assert {projects.ended(build).status for build in builds[:-1]} == {"SUCCEEDED"}


def test_larger_builds_leave_the_processors_to_what_is_deployed(projects: Projects) -> None:
    spec = """
    version: 0.2
    phases: {build: {commands: [nice, "if [ -e /proc/self/autogroup ]; then cat /proc/self/autogroup; fi"]}}
    """
    small = projects.build(spec).lines
    larger = projects.build(spec, environment=ENVIRONMENT | {"computeType": "BUILD_GENERAL1_LARGE"}).lines
    assert int(larger[0]) > int(small[0])
    # where Linux weighs sessions, their own number counts
    assert all(int(line.rpartition(" ")[2]) > int(small[0]) for line in larger)


def test_the_same_call_again_is_the_same_build(projects: Projects) -> None:
    project = projects.project(SIMPLE)
    first = projects.start(project, idempotencyToken="once")
    assert projects.start(project, idempotencyToken="once") == first
    with pytest.raises(ClientError, match="idempotencyToken"):
        projects.start(project, idempotencyToken="once", sourceVersion="another")
    projects.ended(first)
    again = projects.builds.retry_build(id=first)["build"]["id"]
    assert projects.ended(again).status == "SUCCEEDED"
    assert projects.builds.list_builds_for_project(projectName=project)["ids"] == [again, first]


# What is refused


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"source": {"type": "GITHUB", "location": "https://example.com/x.git"}}, "source.type GITHUB"),
        ({"environment": ENVIRONMENT | {"privilegedMode": True}}, "environment.privilegedMode"),
        ({"environment": ENVIRONMENT | {"fleet": {"fleetArn": "arn"}}}, "environment.fleet"),
        ({"cache": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}}, "cache.type LOCAL"),
        ({"vpcConfig": {"vpcId": "vpc", "subnets": ["a"], "securityGroupIds": ["b"]}}, "vpcConfig"),
        ({"badgeEnabled": True}, "badgeEnabled"),
        ({"logsConfig": {"s3Logs": {"status": "ENABLED", "location": "b/x"}}}, "logsConfig.s3Logs.status"),
        ({"cache": {"type": "S3"}}, "cache.location"),
    ],
)
def test_a_setting_that_is_not_done_is_refused_by_name(
    projects: Projects, settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError, match=named):
        projects.project(SIMPLE, **settings)


def test_a_call_that_is_not_done_is_refused_by_name(projects: Projects) -> None:
    with pytest.raises(ClientError, match="StartBuildBatch is not there"):
        projects.builds.start_build_batch(projectName=projects.project(SIMPLE))
    with pytest.raises(ClientError, match="gitCloneDepthOverride"):
        projects.start(projects.project(SIMPLE), gitCloneDepthOverride=1)


def test_a_key_of_the_buildspec_that_is_not_done_ends_the_build_by_name(projects: Projects) -> None:
    built = projects.build(f"{SIMPLE}proxy: {{upload-artifacts: no}}\n")
    assert built.status == "FAILED"
    assert built.why("DOWNLOAD_SOURCE") == "YAML_FILE_ERROR proxy is not done on the local cloud"
    assert "BUILD" not in built.phases


# CloudFormation


def template(projects: Projects, **properties: Any) -> dict[str, Any]:
    environment = {name[:1].upper() + name[1:]: value for name, value in ENVIRONMENT.items()}
    project = {
        "Source": {"Type": "NO_SOURCE", "BuildSpec": SIMPLE},
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Environment": environment
        | {"EnvironmentVariables": [{"Name": "A", "Value": 1}], "PrivilegedMode": "false"},
        "ServiceRole": projects.role,
        "TimeoutInMinutes": "15",
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": f"/builds/{projects.name}"}},
    } | properties
    group = {"Type": "TEST", "Name": projects.name, "ExportConfig": {"ExportConfigType": "NO_EXPORT"}}
    return {
        "Project": {"Type": "AWS::CodeBuild::Project", "Properties": project},
        "Reports": {"Type": "AWS::CodeBuild::ReportGroup", "Properties": group},
    }


def test_cloudformation_makes_changes_and_removes_projects_and_report_groups(
    projects: Projects, client: Client, stack: Deploy, eventually: Wait
) -> None:
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Project", "Arn"]}}}
    made = stack(template(projects), Outputs=outputs)
    name = made.ids["Project"]
    (project,) = projects.builds.batch_get_projects(names=[name])["projects"]
    assert (project["arn"], project["timeoutInMinutes"]) == (made.outputs["Arn"], 15)
    assert project["environment"]["environmentVariables"] == [{"name": "A", "value": "1"}]
    built = projects.ended(projects.start(name))
    assert (built.lines, built.told["logs"]["groupName"]) == (["built"], f"/builds/{projects.name}")
    deploy(client, {"Resources": template(projects, TimeoutInMinutes=20)}, made.name)
    (project,) = projects.builds.batch_get_projects(names=[name])["projects"]
    assert project["timeoutInMinutes"] == 20
    assert projects.told(projects.start(name))["buildNumber"] == 2
    client("cloudformation").delete_stack(StackName=made.name)
    eventually(lambda: projects.builds.batch_get_projects(names=[name])["projectsNotFound"] == [name])
    arns = [made.ids["Reports"]]
    eventually(
        lambda: projects.builds.batch_get_report_groups(reportGroupArns=arns)["reportGroupsNotFound"] == arns
    )


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"Visibility": "PUBLIC_READ"}, "Visibility"),
        ({"Triggers": {"Webhook": True}}, "webhook"),
        ({"Cache": {"Type": "S3", "Place": "x"}}, "place"),
    ],
)
def test_a_property_that_is_not_done_fails_the_stack_by_name(
    projects: Projects, stack: Deploy, properties: dict[str, Any], named: str
) -> None:
    with pytest.raises(StackFailed, match=named):
        stack(template(projects, **properties))
