"""Athletes sign in to the deployed pool, and only as the client allows."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

Outputs = dict[str, str]
Athlete = tuple[str, str]


def sign_in(cognito: Any, outputs: Outputs, email: str, password: str) -> dict[str, Any]:
    answer = cognito.admin_initiate_auth(
        UserPoolId=outputs["UserPoolId"],
        ClientId=outputs["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )
    tokens: dict[str, Any] = answer["AuthenticationResult"]
    return tokens


def claims(token: str) -> dict[str, Any]:
    """The claims of a JWT; who reads them in earnest verifies the signature first."""
    payload = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def test_an_id_token_names_the_athlete_the_group_and_the_client(
    cognito: Any, outputs: Outputs, athlete: Athlete
) -> None:
    email, password = athlete
    identity = claims(sign_in(cognito, outputs, email, password)["IdToken"])
    assert (identity["email"], identity["token_use"]) == (email, "id")
    assert identity["cognito:groups"] == ["athlete"]
    assert identity["aud"] == outputs["UserPoolClientId"]
    assert identity["iss"].endswith(outputs["UserPoolId"])
    assert 1 <= len(identity["sub"]) <= 64


def test_tokens_live_as_long_as_the_parameters_say(cognito: Any, outputs: Outputs, athlete: Athlete) -> None:
    tokens = sign_in(cognito, outputs, *athlete)
    for token in ("IdToken", "AccessToken"):
        found = claims(tokens[token])
        assert found["exp"] - found["iat"] == 60 * 60


def test_a_refresh_token_gives_a_new_id_token(cognito: Any, outputs: Outputs, athlete: Athlete) -> None:
    refresh = sign_in(cognito, outputs, *athlete)["RefreshToken"]
    answer = cognito.initiate_auth(
        ClientId=outputs["UserPoolClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh},
    )
    assert claims(answer["AuthenticationResult"]["IdToken"])["email"] == athlete[0]


def test_a_wrong_password_and_an_unknown_address_are_refused_alike(
    cognito: Any, outputs: Outputs, athlete: Athlete
) -> None:
    refusals = []
    for email in (athlete[0], "nobody@example.com"):
        with pytest.raises(ClientError) as refused:
            sign_in(cognito, outputs, email, "wrong Password 1")
        refusals.append(refused.value.response["Error"])
    assert refusals[0]["Code"] == "NotAuthorizedException"
    assert refusals[0] == refusals[1]


def test_a_browser_cannot_send_the_password_itself(cognito: Any, outputs: Outputs, athlete: Athlete) -> None:
    email, password = athlete
    with pytest.raises(ClientError, match="USER_PASSWORD_AUTH"):
        cognito.initiate_auth(
            ClientId=outputs["UserPoolClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )


@pytest.mark.parametrize("password", ["short1A", "alllowercaseletters1", "NoDigitsInThisOne"])
def test_signing_up_with_a_weak_password_is_refused(cognito: Any, outputs: Outputs, password: str) -> None:
    with pytest.raises(ClientError, match="InvalidPasswordException"):
        cognito.sign_up(ClientId=outputs["UserPoolClientId"], Username="weak@example.com", Password=password)


def test_the_groups_are_admin_coach_and_athlete(cognito: Any, outputs: Outputs) -> None:
    groups = cognito.list_groups(UserPoolId=outputs["UserPoolId"])["Groups"]
    ranked = sorted((group["Precedence"], group["GroupName"]) for group in groups)
    assert ranked == [(1, "admin"), (2, "coach"), (3, "athlete")]


def test_the_sign_in_host_belongs_to_the_pool(cognito: Any, outputs: Outputs) -> None:
    prefix = outputs["HostedUiDomain"].partition(".")[0]
    found = cognito.describe_user_pool_domain(Domain=prefix)["DomainDescription"]
    assert found["UserPoolId"] == outputs["UserPoolId"]
