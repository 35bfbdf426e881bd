"""Gap: a user pool's functions are called as on AWS, and what they say counts."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Stack, allow, function, role

TELL = """
import boto3, json, os

def handler(event, context):
    attributes = event["request"]["userAttributes"]
    if attributes["email"].startswith("broken"):
        raise ValueError("nobody is at home")
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
    return event
"""
REFUSE = """
class Refused(Exception):
    pass

def handler(event, context):
    if event["request"]["userAttributes"]["email"].startswith("eve"):
        raise Refused("no Eves here")
    event["response"]["autoConfirmUser"] = event["request"]["userAttributes"]["email"].startswith("auto")
    return event
"""
CLAIM = """
def handler(event, context):
    if event["request"]["userAttributes"].get("email", "").startswith("tokenless"):
        raise ValueError("no tokens today")
    groups = event["request"]["groupConfiguration"]["groupsToOverride"]
    event["response"] = {"claimsAndScopeOverrideDetails": {
        "accessTokenGeneration": {"claimsToAddOrOverride": {"colour": "blue"}},
        "groupOverrideDetails": {"groupsToOverride": [*groups, "everybody"]},
    }}
    return event
"""
PASSWORD = f"Aa1-{secrets.token_urlsafe(12)}"


@pytest.fixture(scope="module")
def pool(stack: Deploy) -> Stack:
    functions = {
        name: function(code, Environment={"Variables": {"QUEUE": {"Ref": "Queue"}}})
        for name, code in {"Tell": TELL, "Refuse": REFUSE, "Claim": CLAIM}.items()
    }
    return stack(
        {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Role": role(allow("sqs:SendMessage", {"Fn::GetAtt": ["Queue", "Arn"]})),
            **functions,
            "Pool": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {
                    "UsernameAttributes": ["email"],
                    "LambdaConfig": {
                        "PreSignUp": {"Fn::GetAtt": ["Refuse", "Arn"]},
                        "PostConfirmation": {"Fn::GetAtt": ["Tell", "Arn"]},
                        "PreTokenGenerationConfig": {
                            "LambdaArn": {"Fn::GetAtt": ["Claim", "Arn"]},
                            "LambdaVersion": "V2_0",
                        },
                    },
                },
            },
            "Group": {
                "Type": "AWS::Cognito::UserPoolGroup",
                "Properties": {"UserPoolId": {"Ref": "Pool"}, "GroupName": "riders"},
            },
            "App": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {
                    "UserPoolId": {"Ref": "Pool"},
                    "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
                },
            },
        }
    )


def sign_up(client: Client, pool: Stack, email: str) -> str:
    said = client("cognito-idp").sign_up(
        ClientId=pool.ids["App"],
        Username=email,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": email}],
    )
    return str(said["UserSub"])


def told(client: Client, pool: Stack) -> list[dict[str, Any]]:
    found = client("sqs").receive_message(QueueUrl=pool.ids["Queue"], MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def sign_in(client: Client, pool: Stack, email: str) -> dict[str, Any]:
    answer: dict[str, Any] = client("cognito-idp").admin_initiate_auth(
        UserPoolId=pool.ids["Pool"],
        ClientId=pool.ids["App"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    return answer


def test_whoever_was_confirmed_is_told_of_by_whatever_way(client: Client, pool: Stack) -> None:
    cognito, app = client("cognito-idp"), pool.ids["App"]
    by_code, by_operator, by_trigger = (
        sign_up(client, pool, f"{name}@a.bc") for name in ("ada", "bob", "auto")
    )
    cognito.confirm_sign_up(ClientId=app, Username="ada@a.bc", ConfirmationCode="123456")
    cognito.admin_confirm_sign_up(UserPoolId=pool.ids["Pool"], Username="bob@a.bc")

    events = told(client, pool)

    assert {event["request"]["userAttributes"]["sub"] for event in events} == {
        by_code,
        by_operator,
        by_trigger,
    }
    for event in events:
        assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
        assert event["userPoolId"] == pool.ids["Pool"]
        assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"


def test_a_confirmation_stands_whatever_the_function_says_of_it(client: Client, pool: Stack) -> None:
    cognito = client("cognito-idp")
    sign_up(client, pool, "broken@a.bc")

    with pytest.raises(ClientError) as shown:
        cognito.confirm_sign_up(ClientId=pool.ids["App"], Username="broken@a.bc", ConfirmationCode="123456")

    assert shown.value.response["Error"] == {
        "Code": "UserLambdaValidationException",
        "Message": "PostConfirmation failed with error nobody is at home.",
    }
    found = cognito.admin_get_user(UserPoolId=pool.ids["Pool"], Username="broken@a.bc")
    assert found["UserStatus"] == "CONFIRMED"


def test_whom_the_function_refuses_is_told_its_sentence(client: Client, pool: Stack) -> None:
    with pytest.raises(ClientError) as shown:
        sign_up(client, pool, "eve@a.bc")
    assert shown.value.response["Error"] == {
        "Code": "UserLambdaValidationException",
        "Message": "PreSignUp failed with error no Eves here.",
    }


def test_groups_that_a_function_says_are_in_both_tokens_also_after_a_refresh(
    client: Client, pool: Stack
) -> None:
    cognito = client("cognito-idp")
    sign_up(client, pool, "auto-cy@a.bc")
    cognito.admin_add_user_to_group(UserPoolId=pool.ids["Pool"], Username="auto-cy@a.bc", GroupName="riders")
    tokens = sign_in(client, pool, "auto-cy@a.bc")
    refreshed = cognito.initiate_auth(
        ClientId=pool.ids["App"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )["AuthenticationResult"]

    for issued in (tokens, refreshed):
        for token in ("IdToken", "AccessToken"):
            assert claims(issued[token])["cognito:groups"] == ["riders", "everybody"]
        assert claims(issued["AccessToken"])["colour"] == "blue"


def test_no_token_is_issued_when_the_function_fails(client: Client, pool: Stack) -> None:
    sign_up(client, pool, "auto-dan@a.bc")
    cognito = client("cognito-idp")
    cognito.admin_update_user_attributes(
        UserPoolId=pool.ids["Pool"],
        Username="auto-dan@a.bc",
        UserAttributes=[{"Name": "email", "Value": "tokenless@a.bc"}],
    )
    with pytest.raises(ClientError, match="UserLambdaValidationException"):
        sign_in(client, pool, "tokenless@a.bc")
