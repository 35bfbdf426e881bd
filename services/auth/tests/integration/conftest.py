"""The deployed auth stack of a stage: AWS_ENDPOINT_URL and WOTR_STAGE say where."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

Client = Callable[..., Any]
Outputs = dict[str, str]


@pytest.fixture(scope="session")
def outputs() -> Outputs:
    """The stack's outputs by name."""
    name = f"wotr-auth-{os.environ['WOTR_STAGE']}"
    described = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


@pytest.fixture(scope="session")
def cognito() -> Any:
    return boto3.client("cognito-idp")


@pytest.fixture
def athlete(cognito: Any, outputs: Outputs) -> Iterator[tuple[str, str]]:
    """E-mail address and password of a signed-up athlete in the group ``athlete``."""
    email, password = f"{secrets.token_hex(6)}@example.com", secrets.token_urlsafe(16) + "aA1"
    pool = outputs["UserPoolId"]
    verified = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool, Username=email, UserAttributes=verified, MessageAction="SUPPRESS"
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName="athlete")
    yield email, password
    cognito.admin_delete_user(UserPoolId=pool, Username=email)


@pytest.fixture
def principal() -> Iterator[Callable[..., boto3.Session]]:
    """Make an IAM user of the account that may do what the given statements say; return its session."""
    iam = boto3.client("iam")
    made: list[tuple[str, str]] = []

    def make(policy: str | None = None) -> boto3.Session:
        name = f"auth-test-{secrets.token_hex(4)}"
        iam.create_user(UserName=name)
        if policy is not None:
            iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        made.append((name, key["AccessKeyId"]))
        return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"])

    yield make
    for name, key_id in made:
        iam.delete_access_key(UserName=name, AccessKeyId=key_id)
        for inline in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=inline)
        iam.delete_user(UserName=name)
