"""Pipelines through CloudFormation and the API: what is kept, and what is refused by name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines import Account, Running, account, approval, approved, source, stage
from stack import LAMBDA_MAY_ASSUME, Client, Deploy, StackFailed, Wait, deploy

Definition = dict[str, Any]


@pytest.fixture(scope="module")
def ours(client: Client) -> Account:
    return account(client)


def template(ours: Account, name: str, **properties: Any) -> dict[str, Any]:
    """A pipeline as a template says it: a source, and an approval with a number for text."""

    def kind(category: str, provider: str) -> dict[str, str]:
        return {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}

    configuration = {"S3Bucket": ours.bucket, "S3ObjectKey": "source.zip", "PollForSourceChanges": False}
    origin: dict[str, Any] = {
        "Name": "Source",
        "ActionTypeId": kind("Source", "S3"),
        "Configuration": configuration,
    }
    origin |= {"OutputArtifacts": [{"Name": "Source"}], "Namespace": "Origin", "RunOrder": "1"}
    custom = {"CustomData": 7}
    approve = {"Name": "Approve", "ActionTypeId": kind("Approval", "Manual"), "Configuration": custom}
    said = {
        "Name": name,
        "RoleArn": ours.role,
        "PipelineType": "V2",
        "ExecutionMode": "QUEUED",
        "ArtifactStore": {"Type": "S3", "Location": ours.bucket},
        "Stages": [{"Name": "Source", "Actions": [origin]}, {"Name": "Approve", "Actions": [approve]}],
        "Variables": [{"Name": "Colour", "DefaultValue": "green"}],
        "Tags": [{"Key": "team", "Value": "platform"}],
    } | properties
    return {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": said}}


def test_cloudformation_makes_changes_and_removes_a_pipeline(
    ours: Account, stack: Deploy, client: Client, eventually: Wait
) -> None:
    name = f"contract-{secrets.token_hex(4)}"
    closed = [{"StageName": "Approve", "Reason": "not yet"}]
    outputs = {"Version": {"Value": {"Fn::GetAtt": ["Pipeline", "Version"]}}}
    made = stack(template(ours, name, DisableInboundStageTransitions=closed), Outputs=outputs)
    assert (made.ids["Pipeline"], made.outputs["Version"]) == (name, "1")
    running = Running(client, name)
    first = running.first()
    eventually(lambda: running.waiting("Approve") == [first])
    answer = running.api.get_pipeline(name=name)
    (_source, approve) = (each["actions"][0] for each in answer["pipeline"]["stages"])
    assert approve["configuration"] == {"CustomData": "7"}
    assert answer["pipeline"]["executionMode"] == "QUEUED"
    arn = answer["metadata"]["pipelineArn"]
    assert running.api.list_tags_for_resource(resourceArn=arn)["tags"] == [
        {"key": "team", "value": "platform"}
    ]

    # Another tag and an open transition change no structure, and stop nothing.
    tags = [{"Key": "team", "Value": "delivery"}]
    deploy(client, {"Resources": template(ours, name, Tags=tags)}, name=made.name)
    assert eventually(lambda: running.inside("Approve")) == first
    assert running.api.list_tags_for_resource(resourceArn=arn)["tags"] == [
        {"key": "team", "value": "delivery"}
    ]

    changed = template(ours, name, ExecutionMode="SUPERSEDED", RestartExecutionOnUpdate=True)
    deploy(client, {"Resources": changed}, name=made.name)
    assert running.execution(first)["status"] == "Cancelled"
    (left,) = [each for each in running.actions(pipelineExecutionId=first) if each["actionName"] == "Approve"]
    assert left["status"] == "Abandoned"
    (again,) = [each for each in running.executions() if each["status"] == "InProgress"]
    assert again["executionMode"] == "SUPERSEDED"
    approved(running, eventually)
    assert running.state()["pipelineVersion"] == 2

    deploy(client, {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}, name=made.name)
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        running.state()


def test_cloudformation_refuses_what_is_not_there_by_name(ours: Account, stack: Deploy) -> None:
    for properties, told in (
        ({"Colour": "green"}, "colour"),
        ({"ExecutionMode": "PARALLEL"}, "PARALLEL"),
        ({"RoleArn": f"{ours.role}-not"}, "there is no role"),
        ({"DisableInboundStageTransitions": [{"StageName": "No", "Reason": "none"}]}, "there is no stage No"),
        ({"ArtifactStores": [{"Region": "us-east-1", "ArtifactStore": {}}]}, "artifactStores"),
    ):
        with pytest.raises(StackFailed, match=told):
            stack(template(ours, f"contract-{secrets.token_hex(4)}", **properties))


def of_action(**changes: Any) -> Callable[[Definition], None]:
    return lambda said: said["stages"][1]["actions"][0].update(changes)


def of_pipeline(**changes: Any) -> Callable[[Definition], None]:
    return lambda said: said.update(changes)


def of_stage(**changes: Any) -> Callable[[Definition], None]:
    return lambda said: said["stages"][1].update(changes)


def kind(category: str, provider: str, **changes: str) -> dict[str, str]:
    return {"category": category, "owner": "AWS", "provider": provider, "version": "1"} | changes


REFUSED: dict[str, tuple[Callable[[Definition], None], str]] = {
    "an unknown provider": (of_action(actionTypeId=kind("Deploy", "ECS")), "AWS, ECS, version 1"),
    "another owner": (of_action(actionTypeId=kind("Approval", "Manual", owner="Custom")), "Custom, Manual"),
    "an unknown key": (
        of_action(configuration={"Colour": "red"}),
        "action Approve: configuration key Colour",
    ),
    "polling": (
        lambda said: said["stages"][0]["actions"][0]["configuration"].update(PollForSourceChanges="true"),
        "PollForSourceChanges other than false",
    ),
    "a missing key": (
        lambda said: said["stages"][0]["actions"][0]["configuration"].pop("S3ObjectKey"),
        "configuration key S3ObjectKey is missing",
    ),
    "a missing key that others depend on": (
        of_action(actionTypeId=kind("Deploy", "CloudFormation"), configuration={"StackName": "some"}),
        "configuration key ActionMode is missing",
    ),
    "an artifact that nobody makes": (
        of_action(actionTypeId=kind("Test", "CodeBuild"), inputArtifacts=[{"name": "Nobody"}]),
        "no action before it makes the input artifact Nobody",
    ),
    "an artifact too many": (
        of_action(outputArtifacts=[{"name": "Made"}]),
        "1 outputArtifacts: Manual has 0",
    ),
    "an artifact twice": (
        lambda said: said["stages"][0]["actions"].append(source(name="Other", namespace="Other")),
        "2 of the output artifact Source",
    ),
    "a namespace twice": (of_action(namespace="Origin"), "2 of the namespace Origin"),
    "a reserved namespace": (of_action(namespace="codepipeline"), "namespace codepipeline is reserved"),
    "a malformed variable": (
        of_action(configuration={"CustomData": "#{Nothing}"}),
        r"CustomData has #{Nothing}",
    ),
    "another region": (of_action(region="us-east-1"), "region us-east-1"),
    "commands": (of_action(commands=["true"]), "commands is not there"),
    "a run order": (of_action(runOrder=1000), "runOrder is 1 to 999"),
    "a time-out of a source": (
        lambda said: said["stages"][0]["actions"][0].update(timeoutInMinutes=5),
        "timeoutInMinutes is for manual approvals only",
    ),
    "a stage twice": (lambda said: said["stages"].append(said["stages"][1]), "2 of the stage Approve"),
    "an action twice": (
        lambda said: said["stages"][1]["actions"].append(said["stages"][1]["actions"][0]),
        "2 of the action Approve",
    ),
    "a source late": (of_stage(actions=[source(name="Late")]), "in the first stage only"),
    "no source": (lambda said: said["stages"].reverse(), "the first stage has source actions only"),
    "one stage": (lambda said: said["stages"].pop(), "two stages at least"),
    "what a stage does on failure": (of_stage(onFailure={"result": "ROLLBACK"}), "onFailure is not there"),
    "variables of V1": (
        of_pipeline(pipelineType="V1", executionMode="SUPERSEDED", variables=[{"name": "A"}]),
        "variables are for pipelines of type V2",
    ),
    "a queue of V1": (of_pipeline(pipelineType="V1"), "QUEUED is for pipelines of type V2"),
    "a trigger for nobody": (
        of_pipeline(
            triggers=[
                {
                    "providerType": "CodeStarSourceConnection",
                    "gitConfiguration": {
                        "sourceActionName": "Source",
                        "push": [{"filePaths": {"includes": [f"{number}/**" for number in range(9)]}}],
                        "pullRequest": [{"events": ["OPEN"]}],
                    },
                }
            ]
        ),
        "names no source action with a connection.*pullRequest is not there.*includes has 9 patterns",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_definition_is_refused_by_name_and_place(ours: Account, client: Client, case: str) -> None:
    change, told = REFUSED[case]
    definition = ours.definition(stage("Approve", approval()))
    change(definition)
    with pytest.raises(ClientError, match=told) as refused:
        client("codepipeline").create_pipeline(pipeline=definition)
    assert refused.value.response["Error"]["Code"].startswith("Invalid")
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        client("codepipeline").get_pipeline(name=definition["name"])


def test_a_role_that_does_not_trust_codepipeline_is_refused(ours: Account, client: Client) -> None:
    name, document = f"contract-{secrets.token_hex(4)}", json.dumps(LAMBDA_MAY_ASSUME)
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    with pytest.raises(ClientError, match=r"does not let codepipeline\.amazonaws\.com assume it"):
        client("codepipeline").create_pipeline(
            pipeline=ours.definition(stage("Approve", approval()), roleArn=role)
        )


def test_updates_count_versions_and_list_them(ours: Account, client: Client, eventually: Wait) -> None:
    running = ours.make(stage("Approve", approval()))
    first = running.first()
    eventually(lambda: running.token("Approve"))
    definition = ours.definition(stage("Approve", approval(), approval("Second")), name=running.name)
    updated = running.api.update_pipeline(pipeline=definition)["pipeline"]
    assert updated["version"] == 2
    assert running.execution(first)["status"] == "Cancelled"
    listed = {each["name"]: each for each in running.api.list_pipelines()["pipelines"]}
    assert listed[running.name]["version"] == 2
    assert listed[running.name]["pipelineType"] == "V2"
    with pytest.raises(ClientError, match="PipelineNameInUseException"):
        running.api.create_pipeline(pipeline=definition)
    with pytest.raises(ClientError, match="StageNotRetryableException"):
        running.api.retry_stage_execution(
            pipelineName=running.name,
            stageName="Approve",
            pipelineExecutionId=first,
            retryMode="FAILED_ACTIONS",
        )
    running.api.delete_pipeline(name=running.name)
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        running.state()
