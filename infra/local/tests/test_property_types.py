"""Gap: a property has its own type, whatever the type of the value that was put in."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, Stack, StackFailed, deploy

POLICY = {
    "MinimumLength": {"Ref": "Length"},
    "RequireSymbols": {"Ref": "Symbols"},
    "RequireUppercase": False,
    "RequireLowercase": False,
    "RequireNumbers": False,
}


def template(length: str = "12", symbols: str = "false", units: str = "7") -> dict[str, Any]:
    throughput = {"ReadCapacityUnits": {"Ref": "Units"}, "WriteCapacityUnits": {"Ref": "Units"}}
    return {
        "Parameters": {
            "Length": {"Type": "String", "Default": length},
            "Symbols": {"Type": "String", "Default": symbols},
            "Units": {"Type": "Number", "Default": units},
        },
        "Resources": {
            "Pool": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {"Policies": {"PasswordPolicy": POLICY}},
            },
            "Client": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {"UserPoolId": {"Ref": "Pool"}, "IdTokenValidity": {"Ref": "Units"}},
            },
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "ProvisionedThroughput": throughput,
                },
            },
        },
    }


@pytest.fixture(scope="module")
def made(client: Client) -> Stack:
    return deploy(client, template())


def sign_up(client: Client, made: Stack, password: str) -> None:
    client("cognito-idp").sign_up(ClientId=made.ids["Client"], Username=password, Password=password)


def test_a_password_policy_from_parameters_is_enforced(made: Stack, client: Client) -> None:
    sign_up(client, made, "justtwelve12")  # no symbol needed: "false" is not true
    with pytest.raises(ClientError, match="InvalidPasswordException"):
        sign_up(client, made, "onlyeleven1")


def test_numbers_come_back_as_numbers(made: Stack, client: Client) -> None:
    found = client("dynamodb").describe_table(TableName=made.ids["Table"])["Table"]
    assert found["ProvisionedThroughput"]["ReadCapacityUnits"] == 7


def test_an_update_is_converted_too(made: Stack, client: Client) -> None:
    deploy(client, template(length="5", symbols="true"), name=made.name)
    with pytest.raises(ClientError, match="InvalidPasswordException"):
        sign_up(client, made, "withoutsymbol")
    sign_up(client, made, "a-b-c")


def test_text_that_is_no_number_fails_the_stack(client: Client) -> None:
    with pytest.raises(StackFailed, match="twelve"):
        deploy(client, template(length="twelve"))
