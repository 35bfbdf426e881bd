"""Gap: a stack's update shifts the traffic of its aliases through CodeDeploy."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections import Counter
from typing import Any, Self

import pytest
from canaries import ANSWERS, FAILS, common, hook, last_deployment, may_assume, shifted, weights
from stack import SAM, Client, Stack, StackFailed, Wait, allow, deploy, role, sam_function

# Ten minutes of a canary, at a second a minute.
CANARY_SECONDS = 10
AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"


class Traffic:
    """Calls of aliases ``live``, all the time: when each began, and who answered what."""

    def __init__(self, client: Client, *functions: str) -> None:
        self.answers: list[tuple[float, str, str, bool]] = []
        self._lambda = client("lambda")
        self._functions = functions
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            for name in self._functions:
                began = time.monotonic()
                answer = self._lambda.invoke(FunctionName=name, Qualifier="live")
                failed = "FunctionError" in answer
                self.answers.append((began, name, answer["ExecutedVersion"], failed))
            time.sleep(0.02)

    def versions(self) -> Counter[str]:
        return Counter(version for _, _, version, _ in self.answers)


def events(client: Client, made: Stack, logical_id: str) -> list[tuple[str, str]]:
    found = client("cloudformation").describe_stack_events(StackName=made.name)["StackEvents"]
    return [
        (event["ResourceStatus"], event.get("ResourceStatusReason", ""))
        for event in found
        if event["LogicalResourceId"] == logical_id
    ]


def test_ten_functions_shift_side_by_side_and_each_serves_throughout(client: Client) -> None:
    names = [f"Function{letter}" for letter in "ABCDEFGHIJ"]

    def resources(number: int) -> dict[str, Any]:
        made: dict[str, Any] = common()
        for name in names:
            made |= shifted(name, ANSWERS.format(text=str(number)), number)
        return made

    made = deploy(client, {"Resources": resources(1)})
    with Traffic(client, made.ids["FunctionA"], made.ids["FunctionJ"]) as traffic:
        deploy(client, {"Resources": resources(2)}, name=made.name)
    assert not any(failed for *_, failed in traffic.answers)
    canary = traffic.versions()
    assert canary["2"]
    assert canary["1"] > canary["2"]
    done = [last_deployment(client, made, name) for name in names]
    assert {(each["status"], each["creator"]) for each in done} == {("Succeeded", "CloudFormation")}
    assert all(weights(client, made.ids[name]) == {"2": 1} for name in names)
    # Each took its ten minutes, and the last began before the first was through.
    assert all((each["completeTime"] - each["startTime"]).total_seconds() >= CANARY_SECONDS for each in done)
    assert max(each["startTime"] for each in done) < min(each["completeTime"] for each in done)


def test_an_alarm_in_the_canary_takes_back_alias_and_stack(client: Client) -> None:
    def resources(number: int, code: str, note: str) -> dict[str, Any]:
        beside = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": note}}
        return common() | {"Beside": beside} | shifted("Canary", code, number)

    made = deploy(client, {"Resources": resources(1, ANSWERS.format(text="good"), "before")})
    with Traffic(client, made.ids["Canary"]) as traffic:
        with pytest.raises(StackFailed, match="ALARM_ACTIVE"):
            deploy(client, {"Resources": resources(2, FAILS.format(text="bad"), "after")}, name=made.name)
        assert weights(client, made.ids["Canary"]) == {"1": 1}
        settled = time.monotonic()
        time.sleep(0.5)
    assert any(failed for *_, failed in traffic.answers)
    assert not any(failed for began, *_, failed in traffic.answers if began > settled)
    assert traffic.versions()["1"] > traffic.versions()["2"]

    status = client("cloudformation").describe_stacks(StackName=made.name)["Stacks"][0]["StackStatus"]
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    value = client("ssm").get_parameter(Name=made.ids["Beside"])["Parameter"]["Value"]
    assert value == "before"
    (failed, reason), *_ = [each for each in events(client, made, "CanaryAlias") if each[1]]
    assert failed == "UPDATE_FAILED"
    assert made.ids["CanaryErrors"] in reason
    ended = last_deployment(client, made, "Canary")
    assert ended["status"] == "Stopped"
    assert ended["errorInformation"]["code"] == "ALARM_ACTIVE"
    back = client("codedeploy").get_deployment(deploymentId=ended["rollbackInfo"]["rollbackDeploymentId"])
    assert back["deploymentInfo"]["creator"] == "codeDeployRollback"
    assert back["deploymentInfo"]["rollbackInfo"]["rollbackTriggeringDeploymentId"] == ended["deploymentId"]


def test_no_call_reaches_a_version_whose_hook_fails(client: Client) -> None:
    def resources(number: int, status: str) -> dict[str, Any]:
        return (
            common()
            | hook(status)
            | shifted(
                "Checked", ANSWERS.format(text=str(number)), number, BeforeAllowTrafficHook={"Ref": "Hook"}
            )
        )

    made = deploy(client, {"Resources": resources(1, "Failed")})
    hook_failed = pytest.raises(StackFailed, match=f"BeforeAllowTraffic hook {made.ids['Hook']}")
    with Traffic(client, made.ids["Checked"]) as traffic, hook_failed:
        deploy(client, {"Resources": resources(2, "Failed")}, name=made.name)
    assert set(traffic.versions()) == {"1"}
    ended = last_deployment(client, made, "Checked")
    assert (ended["status"], ended["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")


def test_one_that_fails_stops_the_others_and_is_named_first(client: Client) -> None:
    """The second alias fails while the first, which the stack waits for, has long to go."""

    def resources(number: int) -> dict[str, Any]:
        own: dict[str, Any] = common() | hook("Failed")
        own |= shifted("Able", ANSWERS.format(text=str(number)), number)
        own |= shifted(
            "Broken", ANSWERS.format(text=str(number)), number, BeforeAllowTrafficHook={"Ref": "Hook"}
        )
        # Done before the failure is there.
        own |= shifted("Quick", ANSWERS.format(text=str(number)), number, AT_ONCE)
        return own

    made = deploy(client, {"Resources": resources(1)})
    with pytest.raises(StackFailed):
        deploy(client, {"Resources": resources(2)}, name=made.name)
    assert "HOOK_EXECUTION_FAILURE" in dict(events(client, made, "BrokenAlias"))["UPDATE_FAILED"]
    assert dict(events(client, made, "AbleAlias"))["UPDATE_FAILED"] == "Resource update cancelled"
    for name in ("Able", "Broken", "Quick"):
        assert weights(client, made.ids[name]) == {"1": 1}
    assert last_deployment(client, made, "Able")["status"] == "Stopped"


def test_a_later_failure_takes_the_alias_back_without_another_canary(client: Client) -> None:
    def resources(number: int, **more: Any) -> dict[str, Any]:
        own = shifted("Shifted", ANSWERS.format(text=str(number)), number, AT_ONCE)
        return common() | own | more

    made = deploy(client, {"Resources": resources(1)})
    nothing = {"Type": "String", "Value": {"Fn::GetAtt": ["Shifted", "Nothing"]}}
    bad = {"Type": "AWS::SSM::Parameter", "DependsOn": "ShiftedAlias", "Properties": nothing}
    with pytest.raises(StackFailed):
        deploy(client, {"Resources": resources(2, Bad=bad)}, name=made.name)
    assert weights(client, made.ids["Shifted"]) == {"1": 1}
    assert last_deployment(client, made, "Shifted")["status"] == "Succeeded"
    codedeploy, group = client("codedeploy"), made.ids["ShiftedGroup"]
    told = codedeploy.list_deployments(applicationName=made.ids["Application"], deploymentGroupName=group)
    assert len(told["deployments"]) == 1


def test_an_update_that_is_cancelled_takes_the_canary_back(client: Client, eventually: Wait) -> None:
    def template(number: int) -> str:
        return json.dumps(
            {"Resources": common() | shifted("Undone", ANSWERS.format(text=str(number)), number)}
        )

    made = deploy(client, json.loads(template(1)))
    stacks, name = client("cloudformation"), made.name
    stacks.update_stack(StackName=name, TemplateBody=template(2), Capabilities=["CAPABILITY_NAMED_IAM"])
    eventually(lambda: weights(client, made.ids["Undone"]).get("2") == 0.1)
    stacks.cancel_update_stack(StackName=name)

    def status() -> str:
        return str(stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    eventually(lambda: status() == "UPDATE_ROLLBACK_COMPLETE")
    assert weights(client, made.ids["Undone"]) == {"1": 1}
    stopped = last_deployment(client, made, "Undone")
    assert (stopped["status"], stopped["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")


def test_a_role_that_may_not_shift_fails_the_stack_with_that_reason(client: Client) -> None:
    def resources(number: int) -> dict[str, Any]:
        own = common() | shifted("Unable", ANSWERS.format(text=str(number)), number)
        return own | {"ShiftRole": role()}  # which CodeDeploy may not assume

    made = deploy(client, {"Resources": resources(1)})
    with pytest.raises(StackFailed, match=r"does not let codedeploy\.amazonaws\.com assume it"):
        deploy(client, {"Resources": resources(2)}, name=made.name)
    assert weights(client, made.ids["Unable"]) == {"1": 1}


def test_the_stacks_own_role_must_be_allowed_to_deploy(client: Client) -> None:
    """CloudFormation acts as the stack's role: one that may not deploy is told before anything moves."""
    cloudformation_may_assume = may_assume("cloudformation.amazonaws.com")

    def resources(number: int) -> dict[str, Any]:
        return common() | shifted("Owned", ANSWERS.format(text=str(number)), number, AT_ONCE)

    made = deploy(client, {"Resources": resources(1)})
    iam, name = client("iam"), f"{made.name}-stack"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(cloudformation_may_assume))[
        "Role"
    ]["Arn"]

    def update(number: int) -> None:
        deploy(client, {"Resources": resources(number)}, name=made.name, RoleARN=arn)

    with pytest.raises(StackFailed, match="codedeploy:CreateDeployment on resource"):
        update(2)
    assert weights(client, made.ids["Owned"]) == {"1": 1}
    may = allow(["codedeploy:CreateDeployment", "codedeploy:GetDeployment"], "*")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName=name, PolicyName="deploy", PolicyDocument=policy)
    update(3)
    assert "1" not in weights(client, made.ids["Owned"])


def sam_template(key: str, bucket: str) -> dict[str, Any]:
    preference = {
        "Type": {"Fn::If": ["IsProd", "Canary10Percent5Minutes", "AllAtOnce"]},
        "Alarms": {"Fn::If": ["IsProd", [{"Ref": "Alarm"}], [{"Ref": "Alarm"}]]},
        "Role": {"Fn::GetAtt": ["ShiftRole", "Arn"]},
        "Hooks": {"PreTraffic": {"Ref": "Hook"}},
    }
    alarm = {
        "Namespace": "wotr",
        "MetricName": "Never",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    shared = {name: value for name, value in common().items() if name != "Application"}
    return {
        "Transform": SAM,
        "Parameters": {"Stage": {"Type": "String", "Default": "prod"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Globals": {"Function": {"DeploymentPreference": preference}},
        "Resources": shared
        | hook("Succeeded")
        | {
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
            "Served": sam_function(bucket, key),
        },
    }


def test_a_deployment_preference_of_sam_is_a_canary(client: Client, code_bucket: Any) -> None:
    bucket, first, second = code_bucket
    made = deploy(client, sam_template(first, bucket))
    name = made.ids["Served"]
    deploy(client, sam_template(second, bucket), name=made.name)
    assert weights(client, name) == {"2": 1}
    group = client("codedeploy").get_deployment_group(
        applicationName=made.ids["ServerlessDeploymentApplication"],
        deploymentGroupName=made.ids["ServedDeploymentGroup"],
    )["deploymentGroupInfo"]
    assert group["deploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert group["alarmConfiguration"]["alarms"] == [{"name": made.ids["Alarm"]}]
    last = client("codedeploy").get_deployment(
        deploymentId=group["lastSuccessfulDeployment"]["deploymentId"]
    )["deploymentInfo"]
    assert (last["completeTime"] - last["startTime"]).total_seconds() >= CANARY_SECONDS / 2
    target = client("codedeploy").get_deployment_target(deploymentId=last["deploymentId"], targetId=name)
    states = {
        event["lifecycleEventName"]: event["status"]
        for event in target["deploymentTarget"]["lambdaTarget"]["lifecycleEvents"]
    }
    assert states == {
        "BeforeAllowTraffic": "Succeeded",
        "AllowTraffic": "Succeeded",
        "AfterAllowTraffic": "Skipped",
    }


@pytest.fixture
def code_bucket(client: Client) -> tuple[str, str, str]:
    """A bucket with two versions of a function's code."""
    s3 = client("s3")
    s3.create_bucket(
        Bucket="contract-canary", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    for key in ("one.zip", "two.zip"):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("index.py", ANSWERS.format(text=key))
        s3.put_object(Bucket="contract-canary", Key=key, Body=content.getvalue())
    return "contract-canary", "one.zip", "two.zip"
