"""What MiniStack does as AWS does: CloudFormation asks for the capabilities that a template needs."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import LAMBDA_MAY_ASSUME, SAM, Client

ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": LAMBDA_MAY_ASSUME},
}
PLAIN = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}}


def template(resource: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Resources": {"One": resource}} | more)


def named() -> dict[str, Any]:
    properties = {**ROLE["Properties"], "RoleName": f"contract-{secrets.token_hex(4)}"}
    return {"Type": ROLE["Type"], "Properties": properties}


@pytest.mark.parametrize(
    ("body", "given", "missing"),
    [
        (template(ROLE), [], "CAPABILITY_IAM"),
        (template(named()), ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
        (template(PLAIN, Transform=SAM), ["CAPABILITY_NAMED_IAM"], "CAPABILITY_AUTO_EXPAND"),
    ],
)
def test_what_a_template_needs_and_a_call_does_not_give_is_refused(
    client: Client, body: str, given: list[str], missing: str
) -> None:
    cloudformation, name = client("cloudformation"), f"contract-{secrets.token_hex(4)}"
    with pytest.raises(ClientError) as raised:
        cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=given)
    assert raised.value.response["Error"] == {
        "Type": "Sender",
        "Code": "InsufficientCapabilitiesException",
        "Message": f"Requires capabilities : [{missing}]",
    }
    change_set = {"StackName": name, "ChangeSetName": "one", "ChangeSetType": "CREATE", "TemplateBody": body}
    if missing == "CAPABILITY_AUTO_EXPAND":  # which change sets do not ask for
        cloudformation.create_change_set(**change_set, Capabilities=given)
        return
    with pytest.raises(ClientError, match="Requires capabilities"):
        cloudformation.create_change_set(**change_set, Capabilities=given)
    cloudformation.create_change_set(**change_set, Capabilities=["CAPABILITY_NAMED_IAM"])
