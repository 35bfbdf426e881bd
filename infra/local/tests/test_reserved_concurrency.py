"""Gap: a function's reserved concurrency limits all of its versions and aliases together."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from stack import Client, Deploy, deploy, function, role

NO_RETRIES = Config(retries={"total_max_attempts": 1})


def resources(**properties: Any) -> dict[str, Any]:
    return {
        "Role": role(),
        "Limited": function("def handler(event, context): return 1\n", **properties),
        "Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Limited"}}},
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "Limited"},
                "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
            },
        },
    }


def test_the_templates_limit_holds_for_calls_through_an_alias(stack: Deploy, client: Client) -> None:
    made = stack(resources(ReservedConcurrentExecutions=0))
    lambda_ = client("lambda", config=NO_RETRIES)
    reserved = lambda_.get_function_concurrency(FunctionName=made.ids["Limited"])
    assert reserved["ReservedConcurrentExecutions"] == 0
    for qualifier in ("live", "$LATEST"):
        with pytest.raises(lambda_.exceptions.TooManyRequestsException):
            lambda_.invoke(FunctionName=made.ids["Limited"], Qualifier=qualifier)

    deploy(client, {"Resources": resources(ReservedConcurrentExecutions=2)}, name=made.name)
    assert lambda_.invoke(FunctionName=made.ids["Limited"], Qualifier="live")["StatusCode"] == 200
