"""Gap: a role made by CloudFormation has its permissions boundary."""

from __future__ import annotations

from typing import Any

from stack import Client, Deploy, Invoke, allow, deploy, function, role

ASKS = """
import boto3
def handler(event, context):
    answers = {}
    for name in event:
        try:
            if name == "ssm":
                boto3.client("ssm").get_parameter(Name="/contract/boundary")
            else:
                boto3.client("sqs").list_queues()
            answers[name] = "allowed"
        except Exception as error:
            answers[name] = type(error).__name__ + str(error)[:60]
    return answers
"""
PARAMETER = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Name": "/contract/boundary", "Type": "String", "Value": "x"},
}


def resources(**role_properties: Any) -> dict[str, Any]:
    boundary = {"Version": "2012-10-17", "Statement": [allow("ssm:GetParameter", "*")]}
    return {
        "Parameter": PARAMETER,
        "Boundary": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": boundary}},
        "Role": role(allow(["ssm:GetParameter", "sqs:ListQueues"], "*"), **role_properties),
        "Asks": function(ASKS),
    }


def test_the_boundary_limits_what_the_roles_policies_grant(
    stack: Deploy, client: Client, invoke: Invoke
) -> None:
    made = stack(resources(PermissionsBoundary={"Ref": "Boundary"}))
    answers, _ = invoke(made.ids["Asks"], ["ssm", "sqs"])
    assert answers["ssm"] == "allowed"
    assert "AccessDenied" in answers["sqs"]

    deploy(client, {"Resources": resources()}, name=made.name)
    assert invoke(made.ids["Asks"], ["sqs"]) == ({"sqs": "allowed"}, False)
