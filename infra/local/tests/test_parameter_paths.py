"""Gap: reading parameters by path is allowed by a policy that names the path."""

from __future__ import annotations

from typing import Any

from stack import Deploy, Invoke, allow, function, role

READS = """
import boto3
def handler(event, context):
    found = boto3.client("ssm").get_parameters_by_path(Path=event)["Parameters"]
    return {parameter["Name"]: parameter["Value"] for parameter in found}
"""


def parameter(name: str) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": name}}


def test_the_named_path_may_be_read_and_its_neighbour_not(stack: Deploy, invoke: Invoke) -> None:
    named = {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/paths/mine"}
    made = stack(
        {
            "Mine": parameter("/paths/mine/a"),
            "Other": parameter("/paths/other/a"),
            "Role": role(allow("ssm:GetParametersByPath", named)),
            "Reads": function(READS),
        }
    )
    assert invoke(made.ids["Reads"], "/paths/mine") == ({"/paths/mine/a": "/paths/mine/a"}, False)
    assert invoke(made.ids["Reads"], "/paths/mine/") == ({"/paths/mine/a": "/paths/mine/a"}, False)
    refused, failed = invoke(made.ids["Reads"], "/paths/other")
    assert failed
    assert "AccessDenied" in refused["errorMessage"]
