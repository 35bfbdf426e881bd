"""CodeBuild in pipelines: what an action hands its build, and what it makes of the end."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from build_projects import Built, Projects
from pipelines import Account, Action, Running, account, stage
from stack import Client, Wait, allow

OF_PIPELINES: dict[str, Any] = {
    "source": {"type": "CODEPIPELINE", "buildspec": "build.yml"},
    "artifacts": {"type": "CODEPIPELINE"},
}
BUILDSPEC = """
version: 0.2
env: {exported-variables: [VERSION]}
phases:
  build:
    commands:
      - echo "$CODEBUILD_INITIATOR $SAID $(cat a.txt)"
      - export VERSION=7; mkdir out; echo built >out/b.txt
artifacts: {files: ["**/*"], base-directory: out}
"""
TESTSPEC = """
version: 0.2
phases:
  build:
    commands: ["cat b.txt; cat $CODEBUILD_SRC_DIR_Source/a.txt; echo $VERSION"]
artifacts:
  secondary-artifacts:
    One: {files: [b.txt]}
    Two: {files: ["*"], base-directory: "."}
"""


class Delivery:
    """A pipeline's account and one of projects whose role may use its bucket."""

    def __init__(self, client: Client, eventually: Wait) -> None:
        self.ours: Account = account(client)
        self.projects = Projects(client, eventually)
        self.client, self.eventually = client, eventually
        objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{self.ours.bucket}/*")
        self.projects.allow(objects)

    def source(self, **files: str) -> None:
        """What the pipeline's source is from now on."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in ({"a.txt": "first"} | files).items():
                archive.writestr(name.replace("_yml", ".yml"), text)
        self.client("s3").put_object(Bucket=self.ours.bucket, Key="source.zip", Body=content.getvalue())

    def may_build(self) -> None:
        """Let the pipeline's role do what actions of CodeBuild do."""
        actions = ["codebuild:StartBuild", "codebuild:BatchGetBuilds", "codebuild:StopBuild"]
        statement = allow(actions, "arn:aws:codebuild:*:*:project/contract-*")
        self.client("iam").put_role_policy(
            RoleName=self.ours.role.rpartition("/")[2],
            PolicyName="builds",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def project(self, buildspec: str = "build.yml") -> str:
        settings = OF_PIPELINES | {"source": {"type": "CODEPIPELINE", "buildspec": buildspec}}
        return self.projects.project("", **settings)

    def ended(self, running: Running) -> dict[str, Any]:
        return dict(self.eventually(running.ended(running.first()), 30))

    def built(self, running: Running, stage_name: str, name: str) -> Built:
        """The build of an action."""
        found = self.eventually(
            lambda: running.action(stage_name, name).get("latestExecution", {}).get("externalExecutionId")
        )
        return Built(self.projects.told(found), self.client("logs"))


def build(project: str, name: str = "Build", category: str = "Build", **changes: Any) -> Action:
    configuration = {"ProjectName": project} | changes.pop("configuration", {})
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": "CodeBuild", "version": "1"},
        "configuration": configuration,
        "inputArtifacts": [{"name": "Source"}],
        "outputArtifacts": [{"name": "Built"}],
    } | changes


@pytest.fixture
def delivery(client: Client, eventually: Wait) -> Delivery:
    return Delivery(client, eventually)


def test_artifacts_and_variables_go_from_action_to_action(delivery: Delivery, client: Client) -> None:
    delivery.may_build()
    said = [{"name": "SAID", "value": "#{Origin.ETag}"}]
    variables = [{"name": "VERSION", "value": "#{Made.VERSION}", "type": "PLAINTEXT"}]
    testing = build(
        delivery.project("test.yml"),
        "Test",
        "Test",
        configuration={"PrimarySource": "Built", "EnvironmentVariables": json.dumps(variables)},
        inputArtifacts=[{"name": "Source"}, {"name": "Built"}],
        outputArtifacts=[{"name": "One"}, {"name": "Two"}],
    )
    # The buildspec is of the primary source, so the build hands it on.
    delivery.source(
        build_yml=BUILDSPEC.replace("echo built >out/b.txt", "echo built >out/b.txt; cp test.yml out"),
        test_yml=TESTSPEC,
    )
    making = build(
        delivery.project(), configuration={"EnvironmentVariables": json.dumps(said)}, namespace="Made"
    )
    running = delivery.ours.make(stage("Build", making), stage("Test", testing))
    assert delivery.ended(running)["status"] == "Succeeded"
    made = delivery.built(running, "Build", "Build")
    assert made.told["initiator"] == f"codepipeline/{running.name}"
    assert made.lines[0].startswith(f"codepipeline/{running.name}")
    assert made.lines[0].endswith("first")
    assert delivery.built(running, "Test", "Test").lines == ["built", "first7"]
    (done,) = running.actions(pipelineExecutionId=running.first())[:1]
    places = {each["name"]: each["s3location"] for each in done["output"]["outputArtifacts"]}
    assert set(places) == {"One", "Two"}
    body = client("s3").get_object(Bucket=places["One"]["bucket"], Key=places["One"]["key"])["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["b.txt"]


def test_a_failed_build_fails_its_action_with_its_reason(delivery: Delivery) -> None:
    delivery.may_build()
    delivery.source(build_yml="version: 0.2\nphases: {build: {commands: [exit 9]}}")
    running = delivery.ours.make(stage("Build", build(delivery.project(), outputArtifacts=[])))
    assert delivery.ended(running)["status"] == "Failed"
    latest = running.action("Build", "Build")["latestExecution"]
    assert latest["errorDetails"]["code"] == "JobFailed"
    assert latest["errorDetails"]["message"] == (
        "BUILD FAILED: Error while executing command: exit 9. Reason: exit status 9"
    )


def test_the_pipelines_role_is_asked(delivery: Delivery) -> None:
    delivery.source(build_yml=BUILDSPEC)
    running = delivery.ours.make(stage("Build", build(delivery.project())))
    assert delivery.ended(running)["status"] == "Failed"
    details = running.action("Build", "Build")["latestExecution"]["errorDetails"]
    assert details["code"] == "PermissionError"
    assert "codebuild:StartBuild" in details["message"]


def test_an_output_that_the_buildspec_does_not_make_fails_the_build(delivery: Delivery) -> None:
    delivery.may_build()
    delivery.source(build_yml="version: 0.2\nphases: {build: {commands: [echo]}}")
    running = delivery.ours.make(stage("Build", build(delivery.project())))
    assert delivery.ended(running)["status"] == "Failed"
    details = running.action("Build", "Build")["latestExecution"]["errorDetails"]
    assert "no artifact for the output Built" in details["message"]


def test_stopping_and_abandoning_an_execution_stops_its_build(delivery: Delivery) -> None:
    delivery.may_build()
    delivery.source(build_yml="version: 0.2\nphases: {build: {commands: [sleep 300]}}")
    running = delivery.ours.make(stage("Build", build(delivery.project(), outputArtifacts=[])))
    under_way = delivery.built(running, "Build", "Build").told["id"]
    running.api.stop_pipeline_execution(
        pipelineName=running.name, pipelineExecutionId=running.first(), abandon=True, reason="enough"
    )
    assert delivery.ended(running)["status"] == "Stopped"
    assert delivery.projects.ended(under_way).status == "STOPPED"


def test_a_pipelines_project_is_started_by_pipelines_only(delivery: Delivery) -> None:
    project = delivery.project()
    with pytest.raises(ClientError, match="from a pipeline"):
        delivery.projects.start(project)
    location = delivery.projects.zipped(
        {"build.yml": "version: 0.2\nphases: {build: {commands: [echo by hand]}}"}
    )
    built = delivery.projects.ended(
        delivery.projects.start(
            project,
            sourceTypeOverride="S3",
            sourceLocationOverride=location,
            artifactsOverride={"type": "NO_ARTIFACTS"},
        )
    )
    assert built.lines == ["by hand"]


@pytest.mark.parametrize(
    ("configuration", "named"),
    [
        ({"BatchEnabled": "true"}, "BatchEnabled"),
        ({"CombineArtifacts": "true"}, "CombineArtifacts"),
        ({"EnvironmentVariables": "A=1"}, "EnvironmentVariables"),
        ({"EnvironmentVariables": '[{"Name": "A"}]'}, "EnvironmentVariables"),
    ],
)
def test_a_configuration_that_is_not_done_is_refused_by_name(
    delivery: Delivery, configuration: dict[str, str], named: str
) -> None:
    action = build("any", configuration=configuration)
    definition = delivery.ours.definition(stage("Build", action), name=f"contract-{secrets.token_hex(4)}")
    with pytest.raises(ClientError, match=named):
        delivery.client("codepipeline").create_pipeline(pipeline=definition)
