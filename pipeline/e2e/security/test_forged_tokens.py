"""No token opens a route that the pool did not sign, did not mean as an ID token, or no longer means."""

from __future__ import annotations

import http.client
import os
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from forged_tokens import (
    Token,
    altered,
    headers_without_a_token,
    public_key,
    reissued,
    signed_with_another_key,
    signed_with_the_public_key,
    unsigned,
)
from refusals import assert_refused, patiently
from waiting import eventually

from stage_client import Athlete, Stage
from stage_client.answers import send

Proof = Callable[[str, str], None]
RUN = {"type": "run", "startedAt": "2026-03-01T17:30:00Z", "durationMin": 45}
# One route of each function that serves athletes: each of them reads the caller's name itself.
ROUTES: dict[tuple[str, str], Any] = {
    ("GET", "/me/workouts"): None,
    ("GET", "/me/stats"): None,
    ("GET", "/me/export"): None,
    ("POST", "/me/workouts"): RUN,
    ("PATCH", "/me/profile"): {"maxHeartRate": 181},
}
AFTER_A_SECOND = {"IdTokenValidity": 1, "TokenValidityUnits": {"IdToken": "seconds"}}
AFTER_FIVE_MINUTES = {"IdTokenValidity": 5, "TokenValidityUnits": {"IdToken": "minutes"}}


@pytest.fixture(scope="module")
def victim(stage: Stage) -> Athlete:
    return stage.athlete()


def published_key(token: Token) -> rsa.RSAPublicKey:
    """The pool's key, which anybody may fetch."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    base = f"{endpoint}{urlsplit(token.claims['iss']).path}" if endpoint else token.claims["iss"]
    found = send("GET", f"{base}/.well-known/jwks.json", None, {}).json()["keys"]
    (key,) = [each for each in found if each["kid"] == token.header["kid"]]
    return public_key(key)


def tokens_of(stage: Stage, athlete: Athlete) -> dict[str, str]:
    """All tokens that signing in gave: only one of them is meant for this API."""
    auth, password = stage.outputs("auth"), f"Aa1-{secrets.token_urlsafe(18)}"
    cognito = boto3.client("cognito-idp")
    cognito.admin_set_user_password(
        UserPoolId=auth["UserPoolId"], Username=athlete.user_id, Password=password, Permanent=True
    )
    said = cognito.admin_initiate_auth(
        UserPoolId=auth["UserPoolId"],
        ClientId=auth["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": athlete.user_id, "PASSWORD": password},
    )["AuthenticationResult"]
    return {name: said[name] for name in ("IdToken", "AccessToken", "RefreshToken")}


def of_another_pool(name: str) -> str:
    """An ID token as good as any, of a pool that is not the platform's."""
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="wotr-e2e-other-pool")["UserPool"]["Id"]
    try:
        client = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="other", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        return _signed_in(cognito, pool, client, name)
    finally:
        cognito.delete_user_pool(UserPoolId=pool)


def _signed_in(cognito: Any, pool: str, client: str, name: str) -> str:
    password = f"Aa1-{secrets.token_urlsafe(18)}"
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    said = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return str(said["AuthenticationResult"]["IdToken"])


def test_no_forged_altered_or_misused_token_opens_a_route(
    stage: Stage, victim: Athlete, proof: Proof
) -> None:
    token = Token(victim.token)
    given = tokens_of(stage, victim)
    other_pool = of_another_pool(victim.user_id)
    bad = [
        *unsigned(token),
        *signed_with_the_public_key(token, published_key(token)),
        *signed_with_another_key(token),
        *altered(token, "somebody"),
        ("an access token", given["AccessToken"]),
        ("a refresh token", given["RefreshToken"]),
        ("another pool's", other_pool),
        ("another pool's under our issuer", reissued(other_pool, token.claims["iss"])),
    ]
    headers = [(what, {"authorization": f"Bearer {text}"}) for what, text in bad]
    headers += headers_without_a_token(token)
    for (method, path), body in ROUTES.items():
        for what, sent in headers:
            answer = patiently(partial(stage.call, method, path, body, sent))
            assert_refused(answer, {401}, f"{method} {path}, {what}")
        allowed = stage.call(method, path, body, {"authorization": f"Bearer {given['IdToken']}"})
        assert allowed.status in {200, 202}, f"{method} {path}: {allowed.text}"
    refused = stage.call("GET", f"/me/workouts?Authorization={victim.token}&access_token={victim.token}")
    assert_refused(refused, {401}, "a token in the query")
    proof(
        "8 forged tokens",
        f"{len(headers)} tricks on {len(ROUTES)} routes, all 401; each opens to the ID token",
    )


def test_a_second_authorization_header_lets_nobody_speak_for_another(stage: Stage, victim: Athlete) -> None:
    attacker = stage.athlete()
    start = "2026-03-05T06:00:00Z"
    assert victim.call("POST", "/me/workouts", {**RUN, "startedAt": start}).status == 202
    eventually(lambda: victim.call("GET", "/me/workouts").text, lambda text: start[:10] in text, "the run")
    forged = next(text for what, text in unsigned(Token(victim.token)) if what == "alg none, no signature")
    for pair in ((forged, attacker.token), (attacker.token, forged)):
        status, text = _with_two_headers(f"{stage.api_url}/me/workouts", pair)
        assert status in {200, 400, 401}, text
        assert start[:10] not in text


def test_a_token_is_refused_once_it_has_expired(stage: Stage, victim: Athlete, proof: Proof) -> None:
    pool, cognito = stage.outputs("auth")["UserPoolId"], boto3.client("cognito-idp")
    client = _client_of_short_tokens(cognito, pool)
    try:
        token = _signed_in(cognito, pool, client, victim.user_id)
        sent = {"authorization": f"Bearer {token}"}
        lives = Token(token).claims["exp"] - Token(token).claims["iat"]
        answer = eventually(
            lambda: stage.call("GET", "/me/workouts", None, sent),
            lambda said: said.status != 200,
            "an expired token",
            patience_s=lives + 60,
        )
        assert_refused(answer, {401}, "an expired token")
        proof("8 expired token", f"refused after its {lives} s")
    finally:
        cognito.delete_user_pool_client(UserPoolId=pool, ClientId=client)


def _client_of_short_tokens(cognito: Any, pool: str) -> str:
    """A client whose tokens live as short as the cloud allows: on AWS, five minutes."""
    said = {
        "UserPoolId": pool,
        "ClientName": "short",
        "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    }
    try:
        made = cognito.create_user_pool_client(**said, **AFTER_A_SECOND)
    except cognito.exceptions.InvalidParameterException:
        made = cognito.create_user_pool_client(**said, **AFTER_FIVE_MINUTES)
    return str(made["UserPoolClient"]["ClientId"])


def _with_two_headers(url: str, tokens: tuple[str, str]) -> tuple[int, str]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=60)
    connection.putrequest("GET", parts.path)
    for token in tokens:
        connection.putheader("Authorization", f"Bearer {token}")
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found
