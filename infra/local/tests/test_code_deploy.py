"""Gap: CodeDeploy shifts the traffic of Lambda aliases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from canaries import ANSWERS, common, hook, shifted, weights
from stack import Client, Deploy, Stack, StackFailed, Wait, deploy, function

from localcloud import LocalCloud

CANARY, LINEAR = (
    f"CodeDeployDefault.Lambda{kind}" for kind in ("Canary10Percent5Minutes", "Linear10PercentEvery1Minute")
)
Started = Callable[..., str]
Stopped = tuple[dict[str, bool], dict[str, float]]


def as_yaml(document: dict[str, Any]) -> str:
    """An AppSpec as it is written by hand."""
    ((name, resource),) = document["Resources"][0].items()
    lines = ["version: 0.0", "Resources:", f"  - {name}:", f"      Type: {resource['Type']}"]
    lines += [
        "      Properties:",
        *(f'        {key}: "{said}"' for key, said in resource["Properties"].items()),
    ]
    lines += [
        "Hooks:",
        *(f"  - {event}: {name}" for each in document["Hooks"] for event, name in each.items()),
    ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def made(stack: Deploy, client: Client) -> Stack:
    """Two versions of a function, an alias on the first, and hooks that succeed, fail and say nothing."""
    hooks = hook("Succeeded")
    hooks["Fails"] = hook("Failed")["Hook"]
    hooks["Silent"] = hook("Failed")["Hook"]
    hooks["Silent"]["Properties"] = {
        **hooks["Silent"]["Properties"],
        "Code": {"ZipFile": ANSWERS.format(text="")},
    }
    made = stack(common() | hooks | shifted("Moved", ANSWERS.format(text="1"), 1))
    lambda_ = client("lambda")
    lambda_.update_function_configuration(FunctionName=made.ids["Moved"], Description="another")
    assert lambda_.publish_version(FunctionName=made.ids["Moved"])["Version"] == "2"
    return made


@pytest.fixture
def start(made: Stack, client: Client) -> Started:
    """Begin to shift the alias, which is on the first version, to the second."""
    client("lambda").update_alias(
        FunctionName=made.ids["Moved"],
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    properties = {"Name": made.ids["Moved"], "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
    document: dict[str, Any] = {
        "version": 0.0,
        "Resources": [{"moved": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
    }

    def begin(written: Any = json.dumps, hooks: dict[str, str] | None = None, **request: Any) -> str:
        said = document | ({"Hooks": [{event: hooks[event]} for event in hooks]} if hooks else {})
        answer = client("codedeploy").create_deployment(
            applicationName=made.ids["Application"],
            deploymentGroupName=made.ids["MovedGroup"],
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": written(said)}},
            **request,
        )
        return str(answer["deploymentId"])

    return begin


def ended(client: Client, deployment: str, eventually: Wait, seconds: float = 30) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        info = client("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]
        return info if "completeTime" in info else None

    found: dict[str, Any] = eventually(over, seconds)
    return found


def seconds_of(info: dict[str, Any]) -> float:
    return float((info["completeTime"] - info["startTime"]).total_seconds())


def events_of(client: Client, made: Stack, deployment: str) -> dict[str, dict[str, Any]]:
    codedeploy = client("codedeploy")
    (target_id,) = codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
    assert target_id == made.ids["Moved"]
    target = codedeploy.get_deployment_target(deploymentId=deployment, targetId=target_id)["deploymentTarget"]
    return {event["lifecycleEventName"]: event for event in target["lambdaTarget"]["lifecycleEvents"]}


def test_a_canary_gives_a_tenth_waits_and_gives_the_rest(
    made: Stack, client: Client, start: Started, eventually: Wait
) -> None:
    hooks = {"BeforeAllowTraffic": made.ids["Hook"], "AfterAllowTraffic": made.ids["Hook"]}
    deployment = start(as_yaml, hooks, deploymentConfigName=CANARY, description="by hand")
    eventually(lambda: weights(client, made.ids["Moved"]) == {"1": 0.9, "2": 0.1})
    info = ended(client, deployment, eventually)
    assert (info["status"], info["creator"], info["description"]) == ("Succeeded", "user", "by hand")
    assert weights(client, made.ids["Moved"]) == {"2": 1}
    assert seconds_of(info) >= 5
    events = events_of(client, made, deployment)
    assert [event["status"] for event in events.values()] == ["Succeeded"] * 3
    assert events["BeforeAllowTraffic"]["endTime"] <= events["AllowTraffic"]["startTime"]
    assert events["AllowTraffic"]["endTime"] <= events["AfterAllowTraffic"]["startTime"]


def test_linear_goes_up_step_by_step(made: Stack, client: Client, start: Started, eventually: Wait) -> None:
    deployment = start(deploymentConfigName=LINEAR)
    seen: list[float] = []

    def over() -> bool:
        share = round(weights(client, made.ids["Moved"]).get("2", 0.0), 2)
        if share not in seen:
            seen.append(share)
        return share == 1

    eventually(over, 30)
    assert seen == sorted(seen)
    assert {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0} <= set(seen)
    assert seconds_of(ended(client, deployment, eventually)) >= 9


def test_an_alarm_that_is_raised_already_lets_nothing_through(
    made: Stack, client: Client, start: Started, eventually: Wait
) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="contract-raised",
        Namespace="contract-deploy",
        MetricName="Never",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="breaching",
    )

    def raised() -> bool:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=["contract-raised"])["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")

    eventually(raised)
    alarms = {"enabled": True, "alarms": [{"name": "contract-raised"}]}
    deployment = start(overrideAlarmConfiguration=alarms)
    info = ended(client, deployment, eventually)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert "contract-raised" in info["errorInformation"]["message"]
    assert weights(client, made.ids["Moved"]) == {"1": 1}
    states = {event["status"] for event in events_of(client, made, deployment).values()}
    assert states == {"Skipped"}


@pytest.mark.parametrize(
    "case",
    [({}, {"1": 1}), ({"autoRollbackEnabled": True}, {"1": 1}), ({"autoRollbackEnabled": False}, {"1": 0.9})],
)
def test_a_deployment_that_is_stopped_goes_back_unless_told_otherwise(
    made: Stack, client: Client, start: Started, eventually: Wait, case: Stopped
) -> None:
    back, left = case
    codedeploy = client("codedeploy")
    deployment = start(deploymentConfigName=CANARY)
    eventually(lambda: weights(client, made.ids["Moved"]).get("2") == 0.1)
    with pytest.raises(codedeploy.exceptions.DeploymentLimitExceededException, match=deployment):
        start_again(made, client)
    assert codedeploy.stop_deployment(deploymentId=deployment, **back)["status"] == "Pending"
    info = ended(client, deployment, eventually)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert weights(client, made.ids["Moved"])["1"] == left["1"]
    assert ("rollbackInfo" in info) == (left == {"1": 1})
    with pytest.raises(codedeploy.exceptions.DeploymentAlreadyCompletedException):
        codedeploy.stop_deployment(deploymentId=deployment)


def start_again(made: Stack, client: Client) -> None:
    properties = {"Name": made.ids["Moved"], "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
    document = {
        "version": 0.0,
        "Resources": [{"moved": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
    }
    client("codedeploy").create_deployment(
        applicationName=made.ids["Application"],
        deploymentGroupName=made.ids["MovedGroup"],
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(document)}},
    )


def test_a_failing_hook_after_the_shift_takes_it_back(
    made: Stack, client: Client, start: Started, eventually: Wait
) -> None:
    deployment = start(
        hooks={"AfterAllowTraffic": made.ids["Fails"]},
        deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce",
    )
    info = ended(client, deployment, eventually)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert f"AfterAllowTraffic hook {made.ids['Fails']}" in info["errorInformation"]["message"]
    assert weights(client, made.ids["Moved"]) == {"1": 1}
    failed = events_of(client, made, deployment)["AfterAllowTraffic"]
    assert failed["status"] == "Failed"
    assert made.ids["Fails"] in failed["diagnostics"]["message"]


def test_a_hook_that_says_nothing_fails_after_an_hour(root: Path, eventually: Wait) -> None:
    silent = {"Hook": function(ANSWERS.format(text="nothing"))}

    def resources(number: int) -> dict[str, Any]:
        own = shifted("Waits", ANSWERS.format(text="1"), number, BeforeAllowTrafficHook={"Ref": "Hook"})
        return common() | silent | own

    with LocalCloud(root, minute=0.1) as hasty:
        client = clients(hasty)
        made = deploy(client, {"Resources": resources(1)})
        new = resources(2)
        new["Waits"]["Properties"]["Description"] = "another"
        with pytest.raises(StackFailed, match="did not answer within 60 minutes"):
            deploy(client, {"Resources": new}, name=made.name)
        (deployment,) = client("codedeploy").list_deployments(includeOnlyStatuses=["Failed"])["deployments"]
        assert seconds_of(ended(client, deployment, eventually)) >= 60 * 0.1


def clients(cloud: LocalCloud) -> Client:
    """Clients of a cloud that is not the session's."""
    make: Client = boto3.Session("000000000000", "local", region_name=cloud.region).client
    return lambda service, **options: make(service, endpoint_url=cloud.endpoint, **options)


def test_an_alias_that_is_elsewhere_is_not_touched(
    made: Stack, client: Client, start: Started, eventually: Wait
) -> None:
    client("lambda").update_alias(FunctionName=made.ids["Moved"], Name="live", FunctionVersion="2")
    info = ended(client, start(), eventually)
    assert info["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"


def test_what_is_not_there_or_not_done_is_refused_by_the_models_names(made: Stack, client: Client) -> None:
    codedeploy = client("codedeploy")
    application, group = made.ids["Application"], made.ids["MovedGroup"]

    def refused(call: Any, **request: Any) -> str:
        with pytest.raises(ClientError) as error:
            call(**request)
        return str(error.value.response["Error"]["Code"])

    role = codedeploy.get_deployment_group(applicationName=application, deploymentGroupName=group)[
        "deploymentGroupInfo"
    ]["serviceRoleArn"]
    named = {"applicationName": application, "deploymentGroupName": "another", "serviceRoleArn": role}
    deployment = {"applicationName": application, "deploymentGroupName": group}
    create, deploy_ = codedeploy.create_deployment_group, codedeploy.create_deployment
    assert refused(codedeploy.get_application, applicationName="none") == "ApplicationDoesNotExistException"
    assert (
        refused(codedeploy.create_application, applicationName="servers", computePlatform="Server")
        == "InvalidComputePlatformException"
    )
    assert refused(create, **named, ecsServices=[]) == "InvalidInputException"
    assert refused(create, **named, deploymentConfigName="no") == "DeploymentConfigDoesNotExistException"
    assert refused(create, **named | {"serviceRoleArn": "me"}) == "InvalidRoleException"
    assert refused(create, **named, alarmConfiguration={"enabled": True}) == "InvalidAlarmConfigException"
    assert (
        refused(create, **named, autoRollbackConfiguration={"enabled": True, "events": []})
        == "InvalidAutoRollbackConfigException"
    )
    assert (
        refused(create, **named | {"deploymentGroupName": group}) == "DeploymentGroupAlreadyExistsException"
    )
    assert refused(deploy_, **deployment) == "RevisionRequiredException"
    for content in ("", "{", '{"version": 0.0, "Resources": []}', '{"version": 0.0, "Nothing": 1}'):
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
        assert refused(deploy_, **deployment, revision=revision) == "InvalidRevisionException"
    s3 = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}}
    assert refused(deploy_, **deployment, revision=s3) == "InvalidRevisionException"
    assert refused(codedeploy.get_deployment, deploymentId="d-ABCDEFGHI") == "DeploymentDoesNotExistException"
    assert refused(codedeploy.list_applications, nextToken="more") == "InvalidNextTokenException"
    assert "UnknownOperationException" in refused(codedeploy.list_on_premises_instances)


def test_a_hook_tells_its_status_once(made: Stack, client: Client, start: Started, eventually: Wait) -> None:
    codedeploy = client("codedeploy")
    deployment = start(hooks={"BeforeAllowTraffic": made.ids["Silent"]})

    def tell(execution: str, status: str) -> None:
        codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment, lifecycleEventHookExecutionId=execution, status=status
        )

    with pytest.raises(codedeploy.exceptions.InvalidLifecycleEventHookExecutionIdException):
        tell("somebody's", "Succeeded")
    with pytest.raises(codedeploy.exceptions.InvalidLifecycleEventHookExecutionStatusException):
        tell("somebody's", "Skipped")
    codedeploy.stop_deployment(deploymentId=deployment)
    assert ended(client, deployment, eventually)["status"] == "Stopped"


def test_configurations_are_codedeploys_own_and_those_of_the_account(client: Client) -> None:
    codedeploy = client("codedeploy")
    own = codedeploy.list_deployment_configs()["deploymentConfigsList"]
    assert sorted(name.removeprefix("CodeDeployDefault.Lambda") for name in own[:9]) == [
        "AllAtOnce",
        "Canary10Percent10Minutes",
        "Canary10Percent15Minutes",
        "Canary10Percent30Minutes",
        "Canary10Percent5Minutes",
        "Linear10PercentEvery10Minutes",
        "Linear10PercentEvery1Minute",
        "Linear10PercentEvery2Minutes",
        "Linear10PercentEvery3Minutes",
    ]
    told = codedeploy.get_deployment_config(deploymentConfigName=CANARY)["deploymentConfigInfo"]
    assert told["trafficRoutingConfig"]["timeBasedCanary"] == {"canaryPercentage": 10, "canaryInterval": 5}
    with pytest.raises(codedeploy.exceptions.InvalidOperationException):
        codedeploy.delete_deployment_config(deploymentConfigName=CANARY)


def test_a_template_makes_configurations_of_its_own(stack: Deploy, client: Client) -> None:
    def resources(percent: int) -> dict[str, Any]:
        routing = {
            "Type": "TimeBasedCanary",
            "TimeBasedCanary": {"CanaryPercentage": str(percent), "CanaryInterval": 2},
        }
        properties = {"ComputePlatform": "Lambda", "TrafficRoutingConfig": routing}
        return {"Config": {"Type": "AWS::CodeDeploy::DeploymentConfig", "Properties": properties}}

    made = stack(resources(25))
    told = client("codedeploy").get_deployment_config(deploymentConfigName=made.ids["Config"])
    routing = told["deploymentConfigInfo"]["trafficRoutingConfig"]
    assert routing["timeBasedCanary"] == {"canaryPercentage": 25, "canaryInterval": 2}
    with pytest.raises(StackFailed, match="InvalidTrafficRoutingConfigurationException"):
        deploy(client, {"Resources": resources(100)}, name=made.name)
    properties = {"ComputePlatform": "Lambda", "ZonalConfig": {}}
    with pytest.raises(StackFailed, match="zonalConfig"):
        stack({"Config": {"Type": "AWS::CodeDeploy::DeploymentConfig", "Properties": properties}})
