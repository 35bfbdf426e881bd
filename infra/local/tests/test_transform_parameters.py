"""Gap: SAM sees the parameters that a stack is given."""

from __future__ import annotations

import json
import secrets
from typing import Any

from stack import SAM, Client, Wait

FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "InlineCode": "def handler(event, context): return 1",
        "Handler": "index.handler",
        "Runtime": "python3.13",
        "AutoPublishAlias": {"Ref": "Name"},
    },
}
TEMPLATE = {
    "Transform": SAM,
    "Parameters": {"Name": {"Type": "String", "Default": "usual"}},
    "Resources": {"F": FUNCTION},
    "Outputs": {"Name": {"Value": {"Ref": "Name"}}},
}


def aliases(client: Client, stack: str) -> list[str]:
    resources = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    (name,) = (each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == "F")
    return [each["Name"] for each in client("lambda").list_aliases(FunctionName=name)["Aliases"]]


def test_the_transform_works_with_what_is_given_and_the_default_stays_what_it_was(
    client: Client, eventually: Wait
) -> None:
    cloudformation = client("cloudformation")

    def done(stack: str) -> dict[str, Any] | None:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return found if found["StackStatus"] == "CREATE_COMPLETE" else None

    for given, alias in (
        ([], "usual"),
        ([{"ParameterKey": "Name", "ParameterValue": "special"}], "special"),
    ):
        stack = f"contract-{secrets.token_hex(4)}"
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=json.dumps(TEMPLATE),
            Parameters=given,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        assert eventually(lambda stack=stack: done(stack))
        assert aliases(client, stack) == [alias]
        summary = cloudformation.get_template_summary(StackName=stack)["Parameters"]
        assert [each.get("DefaultValue") for each in summary] == ["usual"]
