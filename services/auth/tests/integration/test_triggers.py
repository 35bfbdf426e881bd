"""What the deployed pool's functions make of signing up and in."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError

Outputs = dict[str, str]


def sign_up(cognito: Any, outputs: Outputs, email: str) -> str:
    said = cognito.sign_up(
        ClientId=outputs["UserPoolClientId"],
        Username=email,
        Password=f"Aa1-{secrets.token_urlsafe(16)}",
        UserAttributes=[{"Name": "email", "Value": email}],
    )
    return str(said["UserSub"])


@pytest.mark.parametrize("email", ["ada@mailinator.com", "ada@eu.mailinator.com", "ada@nowhere"])
def test_an_address_that_cannot_sign_up_is_told_why_and_leaves_nothing(
    cognito: Any, outputs: Outputs, email: str
) -> None:
    with pytest.raises(ClientError) as shown:
        sign_up(cognito, outputs, email)

    error = shown.value.response["Error"]
    assert error["Code"] == "UserLambdaValidationException"
    assert error["Message"].startswith("PreSignUp failed with error ")
    assert "address" in error["Message"]
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        cognito.admin_get_user(UserPoolId=outputs["UserPoolId"], Username=email)


def test_an_operator_invites_whom_they_want(cognito: Any, outputs: Outputs) -> None:
    email = f"{secrets.token_hex(6)}@mailinator.com"
    pool = outputs["UserPoolId"]
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_delete_user(UserPoolId=pool, Username=email)
