"""Gap: a value for a parameter that the template does not have is refused."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, deploy

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Value": {"Type": "String", "Default": "x"}},
    "Resources": {
        "One": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Value"}}}
    },
}
MISSPELT = {
    "TemplateBody": json.dumps(TEMPLATE),
    "Parameters": [{"ParameterKey": name, "ParameterValue": "y"} for name in ("Value", "Valu")],
}
SAID = r"Parameters: \[Valu\] do not exist in the template"


def test_a_new_stack_and_its_change_set_refuse_it(client: Client) -> None:
    cloudformation, name = client("cloudformation"), f"contract-{secrets.token_hex(4)}"
    with pytest.raises(ClientError, match=SAID):
        cloudformation.create_stack(StackName=name, **MISSPELT)
    with pytest.raises(ClientError, match=SAID):
        cloudformation.create_change_set(
            StackName=name, ChangeSetName="one", ChangeSetType="CREATE", **MISSPELT
        )
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=name)


def test_an_update_and_its_change_set_refuse_it_and_take_the_others(client: Client) -> None:
    cloudformation, made = client("cloudformation"), deploy(client, TEMPLATE)
    with pytest.raises(ClientError, match=SAID):
        cloudformation.update_stack(StackName=made.name, **MISSPELT)
    with pytest.raises(ClientError, match=SAID):
        cloudformation.create_change_set(StackName=made.name, ChangeSetName="one", **MISSPELT)
    right = MISSPELT | {"Parameters": MISSPELT["Parameters"][:1]}
    cloudformation.create_change_set(StackName=made.name, ChangeSetName="one", **right)
