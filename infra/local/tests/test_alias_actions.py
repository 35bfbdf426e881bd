"""Gap: a call on one alias of a function asks for that call's action."""

from __future__ import annotations

import json
from typing import Any

import pytest
from canaries import version
from stack import Deploy, Invoke, allow, function, role

CODE = """
import boto3
def handler(event, context):
    call, name, more = event
    getattr(boto3.client("lambda"), call)(FunctionName=name, Name="live", **more)
    return "done"
"""


@pytest.mark.parametrize(
    ("granted", "call", "more"),
    [
        ("lambda:GetAlias", "get_alias", {}),
        ("lambda:UpdateAlias", "update_alias", {"Description": "new"}),
        ("lambda:DeleteAlias", "delete_alias", {}),
    ],
)
def test_the_action_is_that_of_the_call(
    stack: Deploy, invoke: Invoke, granted: str, call: str, more: dict[str, Any]
) -> None:
    alias = {"FunctionName": {"Ref": "May"}, "FunctionVersion": "1", "Name": "live"}
    made = stack(
        {
            "Granted": role(allow(granted, "*")),
            "Lists": role(allow("lambda:ListAliases", "*")),
            "May": function(CODE, role_id="Granted"),
            "MayNot": function(CODE, role_id="Lists"),
            **version("May", 1),
            "Alias": {"Type": "AWS::Lambda::Alias", "DependsOn": "MayVersion1", "Properties": alias},
        }
    )
    event = [call, made.ids["May"], more]
    refused, failed = invoke(made.ids["MayNot"], event)
    assert failed
    assert granted in json.dumps(refused)
    assert invoke(made.ids["May"], event) == ("done", False)
