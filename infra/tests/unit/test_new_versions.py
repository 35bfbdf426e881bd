"""How every service gets a new version to its callers, and who may move them."""

from __future__ import annotations

from typing import Any

import pytest

SERVICES = ("api", "auth", "workers", "analytics")
HOOKS = {"PreTrafficFunction", "PostTrafficFunction"}
OPS = [{"Fn::ImportValue": "wotr-platform-prod-OpsTopicArn"}]
MOST_ALARMS = 10  # of a deployment group
MOST_METRICS = 10  # of an alarm


def alarms(rendering: Any, preference: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["Ref"]: rendering.properties(each["Ref"]) for each in preference["Alarms"]}


@pytest.mark.parametrize("name", SERVICES)
def test_every_function_but_the_hooks_is_asked_watched_and_taken_back(service: Any, name: str) -> None:
    rendering = service(name)
    found = rendering.preferences()
    assert set(found) == set(rendering.of_type("AWS::Serverless::Function")) - HOOKS
    for preference in found.values():
        assert preference["Type"] == "Canary10Percent10Minutes"
        assert preference["Role"] == {"Fn::ImportValue": "wotr-platform-prod-TrafficShiftRoleArn"}
        assert preference["Hooks"] == {
            "PreTraffic": {"Ref": "PreTrafficFunction"},
            "PostTraffic": {"Ref": "PostTrafficFunction"},
        }
        watched = alarms(rendering, preference)
        assert 0 < len(watched) <= MOST_ALARMS
        for alarm in watched.values():
            assert alarm["AlarmActions"] == OPS
            assert alarm["TreatMissingData"] == "notBreaching", "a quiet night takes nothing back"
            assert len([each for each in alarm.get("Metrics", []) if "MetricStat" in each]) <= MOST_METRICS


@pytest.mark.parametrize("name", SERVICES)
def test_dev_moves_everybody_at_once_and_a_stage_may_choose(service: Any, name: str) -> None:
    assert {each["Type"] for each in service(name, "dev").preferences().values()} == {"AllAtOnce"}
    chosen = service(name, "dev", TrafficShift="Linear10PercentEvery1Minute")
    assert {each["Type"] for each in chosen.preferences().values()} == {
        "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
    }


def reads(alarm: dict[str, Any], metric: str) -> set[str]:
    """The functions whose `live` alias an alarm reads a metric of."""
    queries = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    found = set()
    for each in [*queries, alarm]:
        dimensions = {one["Name"]: one["Value"] for one in each.get("Dimensions", [])}
        if each.get("MetricName") == metric and "Resource" in dimensions:
            function = dimensions["FunctionName"]["Ref"]
            assert dimensions == {"FunctionName": {"Ref": function}, "Resource": f"${{{function}}}:live"}
            found.add(function)
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_each_functions_own_failures_take_it_back(service: Any, name: str) -> None:
    rendering = service(name)
    for function, preference in rendering.preferences().items():
        watched = alarms(rendering, preference)
        failing = [each for each in watched.values() if function in reads(each, "Errors")]
        if function == "PreSignUpFunction":
            assert not failing, "who is refused is an error as well"
            assert "PreSignUpErrorAlarm" in watched
            continue
        (alarm,) = failing
        assert reads(alarm, "Invocations") == reads(alarm, "Errors")
        assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (5, 2), "one failure is none"
        assert {each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each} == {60}
        expression = next(each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
        for metric in ("Errors", "Calls"):
            short = function.removesuffix("Function")
            assert f"FILL({short[0].lower()}{short[1:]}{metric}, 0)" in expression


@pytest.mark.parametrize("name", SERVICES)
def test_slow_versions_are_taken_back_within_a_canary(service: Any, name: str) -> None:
    rendering = service(name)
    for preference in rendering.preferences().values():
        slow = [each for each in alarms(rendering, preference).values() if "p95" in str(each)]
        assert slow
        for alarm in slow:
            periods = [
                each["MetricStat"]["Period"] for each in alarm.get("Metrics", []) if "MetricStat" in each
            ]
            seconds = max([alarm.get("Period", 0), *periods])
            assert seconds * alarm["EvaluationPeriods"] <= 300, "a canary lasts ten minutes"


@pytest.mark.parametrize("name", ["workers", "analytics"])
def test_anything_set_aside_takes_new_versions_back(service: Any, name: str) -> None:
    rendering = service(name)
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in rendering.of_type("AWS::CloudWatch::Alarm").values()
        for alarm in [alarm["Properties"]]
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    for preference in rendering.preferences().values():
        letters = alarms(rendering, preference)["DeadLettersAlarm"]
        queues = {
            each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
            for each in letters["Metrics"]
            if "MetricStat" in each
        }
        assert queues == watched
        assert letters["Threshold"] == 0


def test_the_api_is_watched_as_its_callers_see_it(service: Any) -> None:
    rendering = service("api")
    for preference in rendering.preferences().values():
        assert {"ServerErrorAlarm", "LatencyAlarm"} <= set(alarms(rendering, preference))
    assert rendering.properties("ServerErrorAlarm")["Threshold"] == 0.01
    assert rendering.properties("ServerErrorAlarm")["Period"] == 300


def test_the_sandbox_user_breaks_no_record_and_is_not_in_the_lake(service: Any) -> None:
    source = service("workers").properties("RecordsFunction")["Events"]
    (patterns,) = (each["Properties"]["FilterCriteria"]["Filters"] for each in source.values())
    assert all(
        '"pk": {"S": [{"anything-but": ["USER#sandbox-canary"]}]}' in each["Pattern"] for each in patterns
    )
    lake = service("analytics").properties("LakeRule")["EventPattern"]
    assert lake["detail"] == {"userId": [{"anything-but": ["sandbox-canary"]}]}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_codedeploy_may_move_and_ask_within_its_stage_and_nothing_else(render: Any) -> None:
    role = render("platform").properties("TrafficShiftRole")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "codedeploy.amazonaws.com"}
    statements = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
    granted = {
        (action, resource.rpartition(":")[2])
        for each in statements
        for action in listed(each["Action"])
        for resource in listed(each["Resource"])
    }
    assert granted == {
        ("lambda:GetAlias", "wotr-*-dev-*"),
        ("lambda:GetProvisionedConcurrencyConfig", "wotr-*-dev-*"),
        ("lambda:UpdateAlias", "wotr-*-dev-*"),
        ("lambda:InvokeFunction", "wotr-*-dev-PreTrafficFunction-*"),
        ("lambda:InvokeFunction", "wotr-*-dev-PostTrafficFunction-*"),
        ("cloudwatch:DescribeAlarms", "*"),
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_hook_calls_versions_of_its_own_service_and_reads_nobody_but_the_sandbox_user(
    service: Any, name: str
) -> None:
    rendering = service(name)
    for role in ("PreTrafficRole", "PostTrafficRole"):
        for policy in rendering.properties(role)["Policies"]:
            for each in policy["PolicyDocument"]["Statement"]:
                for action in listed(each["Action"]):
                    if action == "lambda:InvokeFunction":
                        assert each["Resource"].endswith(f":function:wotr-{name}-prod-*Function-*:*")
                    elif action.startswith("codedeploy:"):
                        assert each["Resource"].endswith(f":deploymentgroup:wotr-{name}-prod-*")
                    elif action.startswith("dynamodb:"):
                        assert action == "dynamodb:GetItem"
                        assert each["Condition"] == {
                            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["USER#sandbox-canary"]}
                        }
                    else:
                        assert action.partition(":")[0] in {"logs", "kms", "cloudwatch"}
