"""Gap: CodeBuild projects, builds and reports are an API of this endpoint, and builds run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from build_projects import BUILDS_MAY_ASSUME, ENVIRONMENT, SIMPLE, Projects
from stack import Client, Wait, allow


@pytest.fixture
def projects(client: Client, eventually: Wait) -> Projects:
    return Projects(client, eventually)


# Commands and phases


def test_commands_share_one_shell_in_a_clean_checkout(projects: Projects) -> None:
    built = projects.build(
        """
        version: 0.2
        phases:
          install: {commands: ["A=plain; export B=exported", "cd folder"]}
          build:
            commands: ["echo $A $B", "pwd", "cat file.txt", 'test "$PWD" = "$CODEBUILD_SRC_DIR/folder"']
        """,
        {"folder/file.txt": "of the source\n"},
    )
    assert built.status == "SUCCEEDED"
    assert [line for line in built.lines if "/src" not in line] == ["plain exported", "of the source"]
    assert not Path(next(line for line in built.lines if "/src" in line)).exists(), "it is removed afterwards"


def test_its_phases_are_told_as_they_were(projects: Projects) -> None:
    built = projects.build(SIMPLE)
    assert list(built.phases) == [
        "SUBMITTED",
        "QUEUED",
        "PROVISIONING",
        "DOWNLOAD_SOURCE",
        "INSTALL",
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "UPLOAD_ARTIFACTS",
        "FINALIZING",
        "COMPLETED",
    ]
    assert set(list(built.phases.values())[:-1]) == {"SUCCEEDED"}
    assert built.told["buildNumber"] == 1
    assert built.told["endTime"] >= built.told["startTime"]


PHASES = """
version: 0.2
phases:
  install: {{commands: [{install}]}}
  pre_build: {{commands: [{pre_build}]}}
  build:
    {more}
    commands: [{build}, echo not reached]
    finally: ["echo finally $CODEBUILD_BUILD_SUCCEEDING"]
  post_build: {{commands: ["echo after $CODEBUILD_BUILD_SUCCEEDING"]}}
"""


def phases(failing: str, command: str = "exit 3", more: str = "") -> str:
    commands = dict.fromkeys(("install", "pre_build", "build"), "echo fine") | {failing: command}
    return PHASES.format(**commands, more=more)


def test_after_a_failed_build_phase_the_next_one_still_runs_and_knows(projects: Projects) -> None:
    built = projects.build(phases("build"))
    assert built.status == "FAILED"
    assert built.why("BUILD") == (
        "COMMAND_EXECUTION_ERROR Error while executing command: exit 3. Reason: exit status 3"
    )
    assert built.phases["POST_BUILD"] == built.phases["UPLOAD_ARTIFACTS"] == "SUCCEEDED"
    assert built.lines == ["fine", "fine", "finally 1", "after 0"]


@pytest.mark.parametrize("failing", ["install", "pre_build"])
def test_after_another_failed_phase_nothing_runs(projects: Projects, failing: str) -> None:
    built = projects.build(phases(failing, "false"))
    assert built.status == "FAILED"
    assert built.phases[failing.upper()] == "FAILED"
    assert not {"BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS"} & set(built.phases)


def test_on_failure_abort_ends_the_build_after_its_finally(projects: Projects) -> None:
    spec = f"{phases('build', more='on-failure: ABORT')}env: {{exported-variables: [PATH]}}\n"
    built = projects.build(spec)
    assert built.status == "FAILED"
    assert built.lines[-1] == "finally 1"
    assert "POST_BUILD" not in built.phases
    assert built.phases["UPLOAD_ARTIFACTS"] == "SUCCEEDED", "reports tell which tests failed"
    assert set(built.exported) == {"PATH"}, "a pipeline shows them for a failed action, too"


def test_on_failure_continue_goes_on_and_the_build_has_failed_all_the_same(projects: Projects) -> None:
    spec = """
    version: 0.2
    phases:
      install: {on-failure: CONTINUE, commands: ["false"]}
      build: {commands: [echo still]}
    """
    built = projects.build(spec)
    assert (built.status, built.lines) == ("FAILED", ["still"])


def test_a_command_that_ends_the_shell_leaves_what_was_exported(projects: Projects) -> None:
    spec = """
    version: 0.2
    env: {shell: bash}
    phases:
      build:
        commands: ["export A='two words'; cd folder", "exit 0", "echo $A; ls", "set -e; false; echo never"]
    """
    built = projects.build(spec, {"folder/file.txt": ""})
    assert built.lines == ["two words", "file.txt"]
    assert built.why("BUILD").endswith("exit status 1")


# Environment


def test_the_call_wins_over_the_project_and_the_project_over_the_buildspec(projects: Projects) -> None:
    spec = """
    version: 0.2
    env: {variables: {ONE: spec, TWO: spec, THREE: spec}, exported-variables: [ONE, TWO, THREE, MADE, NEVER]}
    phases: {build: {commands: [export MADE=here]}}
    """
    environment = {
        "environmentVariables": [{"name": "TWO", "value": "project"}, {"name": "THREE", "value": "project"}]
    }
    project = projects.project(spec, environment=ENVIRONMENT | environment)
    asked = [{"name": "THREE", "value": "asked", "type": "PLAINTEXT"}]
    built = projects.ended(projects.start(project, environmentVariablesOverride=asked))
    assert built.exported == {"ONE": "spec", "TWO": "project", "THREE": "asked", "MADE": "here"}


def test_parameters_and_secrets_are_read_with_its_role_and_secrets_are_not_in_the_log(
    projects: Projects, client: Client
) -> None:
    client("ssm").put_parameter(Name=f"/{projects.name}/p", Value="parameter", Type="String")
    secret = client("secretsmanager").create_secret(
        Name=projects.name, SecretString=json.dumps({"key": "hidden-word"})
    )["ARN"]
    spec = f"""
    version: 0.2
    env:
      parameter-store: {{P: /{projects.name}/p}}
      secrets-manager: {{S: "{secret}:key", T: "{projects.name}:key"}}
      exported-variables: [S]
    phases: {{build: {{commands: ["echo $P $S", 'test "$S$T" = hidden-wordhidden-word']}}}}
    """
    denied = projects.build(spec)
    assert denied.status == "FAILED"
    assert denied.why("DOWNLOAD_SOURCE").startswith("ACCESS_DENIED")
    projects.allow(allow(["ssm:GetParameters", "secretsmanager:GetSecretValue"], "*"))
    built = projects.build(spec)
    assert (built.status, built.lines) == ("SUCCEEDED", ["parameter ***"])
    assert not any("hidden-word" in line for line in built.log if "Running command" not in line)
    assert built.exported == {"S": "***"}


def test_commands_have_its_role_and_nothing_of_the_host(projects: Projects) -> None:
    spec = """
    version: 0.2
    phases: {build: {commands: ["env | cut -d= -f1 | sort", "echo id $AWS_ACCESS_KEY_ID", python --version]}}
    """
    built = projects.build(spec)
    names = set(built.lines)
    assert {
        "CODEBUILD_BUILD_ID",
        "CODEBUILD_BUILD_NUMBER",
        "CODEBUILD_INITIATOR",
        "AWS_REGION",
        "HOME",
    } <= names
    assert not {"USER", "PYTHONPATH", "GATEWAY_PORT", "STATE_DIR", "AUTH"} & names
    assert any(line.startswith("id ASIA") for line in built.lines)


SIGNED = """
version: 0.2
phases:
  build:
    commands:
      - pip --version >/dev/null || true
      - PYTHONPATH=$PACKAGES python put.py
"""
PUT = """
import boto3, os
boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=os.environ["KEY"], Body=b"")
"""


def test_iam_holds_for_what_commands_do(projects: Projects) -> None:
    packages = str(Path(boto3.__file__).parents[1])
    variables = {"BUCKET": projects.name, "PACKAGES": packages}
    project = projects.project(SIGNED, {"put.py": PUT})

    def put(key: str, bucket: str = "") -> Any:
        said = variables | {"KEY": key} | ({"BUCKET": bucket} if bucket else {})
        asked = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in said.items()]
        return projects.ended(projects.start(project, environmentVariablesOverride=asked))

    assert put("allowed").status == "SUCCEEDED"
    assert "allowed" in projects.objects()
    other = Projects(projects.client, projects.eventually)
    refused = put("refused", other.name)
    assert refused.status == "FAILED"
    assert any("AccessDenied" in line for line in refused.lines)
    assert other.objects() == []


def test_a_role_that_codebuild_may_not_assume_or_that_may_not_log_ends_it(
    projects: Projects, client: Client
) -> None:
    trust = json.loads(json.dumps(BUILDS_MAY_ASSUME).replace("codebuild", "lambda"))
    name = f"{projects.name}-other"
    arn = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    built = projects.build(SIMPLE, serviceRole=arn)
    assert "trust policy" in built.why("PROVISIONING")
    client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(BUILDS_MAY_ASSUME))
    built = projects.build(SIMPLE, serviceRole=arn)
    assert "ACCESS_DENIED" in built.why("PROVISIONING")
    assert "logs:CreateLogStream" in built.why("PROVISIONING")
    off = {"cloudWatchLogs": {"status": "DISABLED"}}
    built = projects.build(SIMPLE, serviceRole=arn, logsConfig=off)
    assert "s3:GetObject" in built.why("DOWNLOAD_SOURCE")


def test_who_may_not_start_builds_does_not(projects: Projects, client: Client) -> None:
    project = projects.project(SIMPLE)
    user = client("iam").create_user(UserName=projects.name)["User"]["UserName"]
    key = client("iam").create_access_key(UserName=user)["AccessKey"]
    signed = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    with pytest.raises(ClientError, match="codebuild:StartBuild"):
        client("codebuild", **signed).start_build(projectName=project)
    document = {
        "Version": "2012-10-17",
        "Statement": [allow("codebuild:StartBuild", f"arn:aws:codebuild:*:*:project/{project}")],
    }
    client("iam").put_user_policy(UserName=user, PolicyName="may", PolicyDocument=json.dumps(document))
    build = client("codebuild", **signed).start_build(projectName=project)["build"]
    assert build["initiator"] == user
    projects.ended(build["id"])
