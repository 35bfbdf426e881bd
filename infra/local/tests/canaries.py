"""Stacks whose function has an alias that CodeDeploy shifts, for contract tests."""

from __future__ import annotations

from typing import Any

from stack import LAMBDA_MAY_ASSUME, Client, allow, function, role

ROLLBACK = {
    "Enabled": True,
    "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
}
ANSWERS = "def handler(event, context): return {text!r}\n"
FAILS = "def handler(event, context): raise RuntimeError({text!r})\n"
HOOK = """
import boto3
def handler(event, context):
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status={status!r},
    )
"""


def may_assume(service: str) -> dict[str, Any]:
    """A trust policy for one service."""
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allowed]}


def service_role(*extra: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A role for CodeDeploy that may do what it does with Lambda."""
    may = allow(["lambda:GetAlias", "lambda:UpdateAlias", "lambda:InvokeFunction"], "*")
    watch = allow("cloudwatch:DescribeAlarms", "*")
    return role(
        may, watch, *extra, AssumeRolePolicyDocument=may_assume("codedeploy.amazonaws.com"), **properties
    )


def error_alarm(name: str, **properties: Any) -> dict[str, Any]:
    """An alarm on the errors of a function's alias ``live``."""
    dimensions = [
        {"Name": "FunctionName", "Value": {"Ref": name}},
        {"Name": "Resource", "Value": {"Fn::Sub": f"${{{name}}}:live"}},
    ]
    said = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": dimensions,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": said | properties}


def version(name: str, number: int) -> dict[str, Any]:
    """A version under its logical id: each deployment publishes one more and keeps the rest."""
    return {
        f"{name}Version{number}": {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": name}},
        }
    }


def shifted(
    name: str,
    code: str,
    number: int,
    config: str = "CodeDeployDefault.LambdaCanary10Percent10Minutes",
    **policy: Any,
) -> dict[str, Any]:
    """A function with a version, an alias that is shifted, its group and its alarm."""
    alias = {
        "Name": "live",
        "FunctionName": {"Ref": name},
        "FunctionVersion": {"Fn::GetAtt": [f"{name}Version{number}", "Version"]},
    }
    update = {
        "ApplicationName": {"Ref": "Application"},
        "DeploymentGroupName": {"Ref": f"{name}Group"},
        **policy,
    }
    group = {
        "ApplicationName": {"Ref": "Application"},
        "ServiceRoleArn": {"Fn::GetAtt": ["ShiftRole", "Arn"]},
        "DeploymentConfigName": config,
        "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
        "AutoRollbackConfiguration": ROLLBACK,
        "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": {"Ref": f"{name}Errors"}}]},
    }
    return {
        name: function(code),
        **version(name, number),
        f"{name}Alias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": alias,
            "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": update},
        },
        f"{name}Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": group},
        f"{name}Errors": error_alarm(name),
    }


def common() -> dict[str, Any]:
    """What all functions of such a stack share."""
    return {
        "Role": role(),
        "ShiftRole": service_role(),
        "Application": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}},
    }


def hook(status: str) -> dict[str, Any]:
    """A function that tells CodeDeploy this status, and its role."""
    may = allow("codedeploy:PutLifecycleEventHookExecutionStatus", "*")
    return {
        "HookRole": role(may, AssumeRolePolicyDocument=LAMBDA_MAY_ASSUME),
        "Hook": function(HOOK.format(status=status), role_id="HookRole"),
    }


def weights(client: Client, function_name: str) -> dict[str, float]:
    """The share of each version in the alias ``live``."""
    alias = client("lambda").get_alias(FunctionName=function_name, Name="live")
    more: dict[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return {alias["FunctionVersion"]: 1 - sum(more.values()), **more}


def last_deployment(client: Client, made: Any, name: str) -> dict[str, Any]:
    """The newest deployment of a function's group that is no rollback."""
    codedeploy = client("codedeploy")
    ids = codedeploy.list_deployments(
        applicationName=made.ids["Application"], deploymentGroupName=made.ids[f"{name}Group"]
    )["deployments"]
    found = [codedeploy.get_deployment(deploymentId=each)["deploymentInfo"] for each in ids]
    newest: dict[str, Any] = next(info for info in found if info["creator"] != "codeDeployRollback")
    return newest
