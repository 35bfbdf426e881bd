"""Gap: a role for CloudFormation must trust it, and whoever gives it must be allowed to pass it."""

from __future__ import annotations

import json
import secrets
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from stack import Client, allow

TEMPLATE = json.dumps(
    {"Resources": {"One": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}}}}
)


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def made_role(client: Client, service: str) -> str:
    name = f"contract-{secrets.token_hex(4)}"
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trusting(service))
    return str(role["Role"]["Arn"])


@pytest.fixture
def deployer(client: Client) -> Any:
    """A client of CloudFormation that may do everything there, and pass what ``statements`` say."""

    def make(*statements: dict[str, Any]) -> Any:
        iam, name = client("iam"), f"contract-{secrets.token_hex(4)}"
        iam.create_user(UserName=name)
        may = [allow("cloudformation:*", "*"), *statements]
        iam.put_user_policy(
            UserName=name,
            PolicyName="may",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": may}),
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.Session().client(
            "cloudformation",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    return make


def passing(role: str, service: str = "cloudformation.amazonaws.com") -> dict[str, Any]:
    return {
        **allow("iam:PassRole", role),
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }


def request(role: str) -> dict[str, str]:
    name = f"contract-{secrets.token_hex(4)}"
    return {"StackName": name, "TemplateBody": TEMPLATE, "RoleARN": role}


@pytest.mark.parametrize("service", [None, "lambda.amazonaws.com"])
@pytest.mark.parametrize("operation", ["create_stack", "create_change_set", "delete_stack"])
def test_whoever_may_not_pass_the_role_is_refused(
    client: Client, deployer: Any, service: str | None, operation: str
) -> None:
    role = made_role(client, "cloudformation.amazonaws.com")
    asked: dict[str, Any] = request(role)
    if operation == "create_change_set":
        asked |= {"ChangeSetName": "one", "ChangeSetType": "CREATE"}
    if operation == "delete_stack":
        del asked["TemplateBody"]
    cloudformation = deployer(*([passing(role, service)] if service else []))
    with pytest.raises(ClientError, match="not authorized to perform: iam:PassRole on resource") as raised:
        getattr(cloudformation, operation)(**asked)
    assert raised.value.response["Error"]["Code"] == "AccessDenied"
    with pytest.raises(ClientError, match="does not exist"):
        client("cloudformation").describe_stacks(StackName=asked["StackName"])


def test_a_role_that_may_be_passed_is_told_with_its_stack(client: Client, deployer: Any) -> None:
    role = made_role(client, "cloudformation.amazonaws.com")
    asked = request(role)
    deployer(passing(role)).create_stack(**asked)
    described = client("cloudformation").describe_stacks(StackName=asked["StackName"])["Stacks"][0]
    assert described["RoleARN"] == role


def test_a_role_that_does_not_trust_cloudformation_cannot_be_assumed(client: Client, deployer: Any) -> None:
    role = made_role(client, "lambda.amazonaws.com")
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        deployer(passing(role)).create_stack(**request(role))
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        client("cloudformation").create_stack(**request(role + "-nobody"))
