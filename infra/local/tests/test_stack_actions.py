"""Deploy actions of pipelines by CloudFormation, with the roles that they have."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deploying import TEMPLATE, Target
from pipelines import Running, approval, approved, stage, trusts
from stack import Client, Wait, allow

# Refused by Parameter Store: the resource that fails, with its reason.
BROKEN = TEMPLATE | {
    "Resources": {"Two": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "Wrong", "Value": "x"}}}
}


@pytest.fixture
def target(client: Client) -> Target:
    made = Target(client)
    made.push(TEMPLATE)
    return made


def told(running: Running, execution: str, action: str) -> dict[str, Any]:
    """What the pipeline tells of the result of an action in an execution."""
    (found,) = [
        each for each in running.actions(pipelineExecutionId=execution) if each["actionName"] == action
    ]
    output: dict[str, Any] = found["output"]
    return output


def summary(running: Running, execution: str, action: str) -> str:
    return str(told(running, execution, action)["executionResult"]["externalExecutionSummary"])


def test_a_change_set_is_made_and_executed_with_the_given_role_and_its_outputs_are_variables(
    target: Target, eventually: Wait
) -> None:
    configuration = {"Parameters": {"Value": "from-file"}, "Tags": {"team": "wotr"}}
    target.push(TEMPLATE, configuration)
    running = target.make(
        target.prepare(TemplateConfiguration="Source::configuration.json"), target.execute()
    )
    ended = eventually(running.ended(running.first()), 20)
    assert ended["status"] == "Succeeded"
    described = target.described()
    assert (described["StackStatus"], described["RoleARN"]) == ("CREATE_COMPLETE", target.role)
    assert described["Tags"] == [{"Key": "team", "Value": "wotr"}]
    assert target.value() == "from-file"
    prepared, executed = (told(running, running.first(), name) for name in ("Prepare", "Execute"))
    assert prepared["executionResult"]["externalExecutionSummary"] == "next: 1 to add"
    assert ":changeSet/next/" in prepared["executionResult"]["externalExecutionId"]
    assert executed["outputVariables"] == {
        each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]
    }


def test_what_changes_nothing_succeeds_and_leaves_the_stack_as_it_is(
    target: Target, eventually: Wait
) -> None:
    running = target.make(target.prepare(), target.execute())
    eventually(running.ended(running.first()), 20)
    before = target.described()
    again = running.start()
    assert eventually(running.ended(again), 20)["status"] == "Succeeded"
    assert summary(running, again, "Prepare") == "next: no changes"
    assert "stays as it is" in summary(running, again, "Execute")
    assert told(running, again, "Execute")["outputVariables"]["Name"] == before["Outputs"][0]["OutputValue"]
    assert target.described() == before


def test_a_parameter_that_nobody_names_goes_back_to_its_default(target: Target, eventually: Wait) -> None:
    target.push(TEMPLATE, {"Parameters": {"Value": "set"}})
    running = target.make(
        target.prepare(TemplateConfiguration="Source::configuration.json"), target.execute()
    )
    eventually(running.ended(running.first()), 20)
    assert target.value() == "set"
    target.push(TEMPLATE, {})
    assert eventually(running.ended(running.start()), 20)["status"] == "Succeeded"
    assert target.value() == "default"


def test_overrides_win_and_may_come_from_artifacts(target: Target, eventually: Wait) -> None:
    target.push(TEMPLATE, {"Parameters": {"Value": "from-file"}})
    bucket = {"Fn::GetArtifactAtt": ["Source", "BucketName"]}
    running = target.make(
        target.prepare(
            TemplateConfiguration="Source::configuration.json",
            ParameterOverrides=json.dumps({"Value": bucket}),
        ),
        target.execute(),
    )
    assert eventually(running.ended(running.first()), 20)["status"] == "Succeeded"
    assert target.value() == target.ours.bucket


def test_a_change_set_is_replaced_until_it_is_executed(target: Target, eventually: Wait) -> None:
    running = target.ours.make(
        stage("Prepare", target.prepare()), stage("Approve", approval()), stage("Deploy", target.execute())
    )
    eventually(lambda: running.token("Approve"))
    again = running.start()
    eventually(lambda: running.waiting("Approve") == [again], 20)
    approved(running, eventually)
    eventually(running.ended(running.first()), 20)
    assert target.described()["StackStatus"] == "CREATE_COMPLETE"
    # What was made for the second is what the first executed: it has none left.
    eventually(lambda: running.inside("Approve") == again, 20)
    approved(running, eventually)
    assert eventually(running.ended(again), 20)["status"] == "Failed"
    assert "cannot be executed" in running.execution(again)["statusSummary"]


def test_a_failing_update_names_its_cause_and_leaves_the_stack_as_it_was(
    target: Target, eventually: Wait
) -> None:
    running = target.make(target.prepare(), target.execute())
    eventually(running.ended(running.first()), 20)
    target.push(BROKEN | {"Resources": BROKEN["Resources"] | TEMPLATE["Resources"]})
    failed = running.start()
    assert eventually(running.ended(failed), 20)["status"] == "Failed"
    message = running.action("Deploy", "Execute")["latestExecution"]["errorDetails"]["message"]
    assert message.startswith(
        f"{target.stack} ended in UPDATE_ROLLBACK_COMPLETE (it is what it was before): Two ("
    )
    assert "Wrong" in message
    assert target.value() == "default"

    target.push(TEMPLATE, {})
    assert eventually(running.ended(running.start()), 20)["status"] == "Succeeded"


def test_a_stack_that_never_came_up_is_told_how_to_be_put_right(target: Target, eventually: Wait) -> None:
    target.push(BROKEN)
    running = target.make(target.prepare(), target.execute())
    assert (
        "ROLLBACK_COMPLETE (what had been made is deleted"
        in (eventually(running.ended(running.first()), 20)["statusSummary"])
    )
    target.push(TEMPLATE)
    again = eventually(running.ended(running.start()), 20)
    assert "is in ROLLBACK_COMPLETE state and can not be updated" in again["statusSummary"]
    assert f"delete-stack --stack-name {target.stack}" in again["statusSummary"]


def test_a_role_that_may_not_is_told_what(target: Target, eventually: Wait) -> None:
    target.let(allow("cloudformation:*", "*"))
    running = target.make(target.prepare(), target.execute())
    eventually(running.ended(running.first()), 20)
    error = running.action("Deploy", "Prepare")["latestExecution"]["errorDetails"]
    assert error["code"] == "PermissionError"
    assert f"iam:PassRole on resource: {target.role}" in error["message"]

    target.let(allow("iam:PassRole", target.role), allow("cloudformation:Describe*", "*"))
    eventually(running.ended(running.start()), 20)
    error = running.action("Deploy", "Prepare")["latestExecution"]["errorDetails"]
    assert "cloudformation:CreateChangeSet" in error["message"]


def test_a_capability_that_is_missing_fails_the_action(target: Target, eventually: Wait) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trusts()}}
    target.push({"Resources": {"Role": role}})
    running = target.make(target.prepare(Capabilities="CAPABILITY_AUTO_EXPAND"), target.execute())
    ended = eventually(running.ended(running.first()), 20)
    assert "Requires capabilities : [CAPABILITY_IAM]" in ended["statusSummary"]
    given = target.make(
        target.prepare(Capabilities="CAPABILITY_AUTO_EXPAND,CAPABILITY_IAM"), target.execute()
    )
    assert eventually(given.ended(given.first()), 20)["status"] == "Succeeded"


def test_a_stack_is_created_updated_told_of_and_deleted(
    target: Target, client: Client, eventually: Wait
) -> None:
    direct = target.action(
        "Up",
        ActionMode="CREATE_UPDATE",
        TemplatePath="Source::template.json",
        RoleArn=target.role,
        OutputFileName="outputs.json",
    )
    running = target.make(direct | {"outputArtifacts": [{"name": "Told"}], "namespace": "Up"})
    assert eventually(running.ended(running.first()), 20)["status"] == "Succeeded"
    result = told(running, running.first(), "Up")
    place = result["outputArtifacts"][0]["s3location"]
    body = client("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    outputs = json.loads(zipfile.ZipFile(io.BytesIO(body)).read("outputs.json"))
    assert outputs == result["outputVariables"]

    same = running.start()
    eventually(running.ended(same), 20)
    assert "no changes" in summary(running, same, "Up")
    target.push(TEMPLATE | {"Parameters": {"Value": {"Type": "String", "Default": "new"}}})
    eventually(running.ended(running.start()), 20)
    assert target.value() == "new"

    gone = target.make(
        target.action("Down", ActionMode="DELETE_ONLY", RoleArn=target.role) | {"inputArtifacts": []}
    )
    assert eventually(gone.ended(gone.first()), 20)["status"] == "Succeeded"
    with pytest.raises(ClientError, match="does not exist"):
        target.described()
    assert eventually(gone.ended(gone.start()), 20)["status"] == "Succeeded"


def test_a_template_that_no_call_can_hold_is_deployed(target: Target, eventually: Wait) -> None:
    target.push(TEMPLATE | {"Metadata": {"long": "x" * 60_000}})
    running = target.make(target.prepare(), target.execute())
    assert eventually(running.ended(running.first()), 20)["status"] == "Succeeded"
    assert target.value() == "default"


@pytest.mark.parametrize(
    ("configuration", "content", "said"),
    [
        ({"TemplatePath": "Source::nosuch.json"}, None, "there is no Source::nosuch.json"),
        ({"TemplatePath": "template.json"}, None, "is no file of an artifact"),
        ({"TemplatePath": "Other::template.json"}, None, "Other is no input artifact"),
        ({"ParameterOverrides": "{"}, None, "ParameterOverrides is no JSON"),
        (
            {"TemplateConfiguration": "Source::configuration.json"},
            {"StackPolicy": {}},
            "StackPolicy in Source",
        ),
        ({"TemplateConfiguration": "Source::configuration.json"}, {"Parameters": {"A": 1}}, "no text: A"),
    ],
)
def test_an_artifact_that_does_not_fit_is_named(
    target: Target, eventually: Wait, configuration: dict[str, str], content: Any, said: str
) -> None:
    target.push(TEMPLATE, content)
    action = target.prepare()
    action["configuration"] |= configuration
    running = target.make(action)
    assert said in eventually(running.ended(running.first()), 20)["statusSummary"]


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"ActionMode": "REPLACE_ON_FAILURE"}, "ActionMode REPLACE_ON_FAILURE is not there"),
        ({"ActionMode": "CHANGE_SET_EXECUTE", "ChangeSetName": "x", "RoleArn": "y"}, "RoleArn has no effect"),
        ({"ActionMode": "CHANGE_SET_REPLACE", "RoleArn": "y"}, "ChangeSetName is missing"),
        ({"ActionMode": "DELETE_ONLY", "RoleArn": "y", "StackPolicy": "z"}, "StackPolicy"),
        (
            {"ActionMode": "CREATE_UPDATE", "TemplatePath": "a::b", "RoleArn": "c", "Capabilities": "ALL"},
            "ALL is no",
        ),
    ],
)
def test_what_is_not_honoured_is_refused_when_the_pipeline_is_made(
    target: Target, configuration: dict[str, str], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        target.make(target.action("Deploy", **configuration))
