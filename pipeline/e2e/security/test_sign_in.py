"""Signing up, in and out through the hosted UI as a browser does, and what of it is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import os
import secrets
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
import sign_in
from browser import Browser
from waiting import eventually

from stage_client import HostedUi, SignIn, Stage, StageError
from stage_client.answers import Answer, send
from stage_client.hosted_ui import SCOPES, claims

Proof = Callable[[str, str], None]
Run = Callable[..., tuple[int, str]]
# What the local cloud sends to everybody. On AWS a person reads it in their mail, and no test does.
CODE = "123456"
SELF_SERVICE = (*SCOPES, "aws.cognito.signin.user.admin")
pytestmark = pytest.mark.skipif(
    "AWS_ENDPOINT_URL" not in os.environ, reason="on AWS the code for confirming goes to a person's mailbox"
)


@dataclass(frozen=True)
class Person:
    """Somebody who signs up."""

    email: str
    password: str


@pytest.fixture
def person() -> Person:
    return Person(f"{secrets.token_hex(8)}@example.com", f"Aa1-{secrets.token_urlsafe(16)}")


@pytest.fixture(scope="module")
def application(stage: Stage) -> dict[str, Any]:
    """The app client as it is deployed."""
    auth = stage.outputs("auth")
    found = boto3.client("cognito-idp").describe_user_pool_client(
        UserPoolId=auth["UserPoolId"], ClientId=auth["UserPoolClientId"]
    )
    return {**found["UserPoolClient"]}


@pytest.fixture(scope="module")
def home(application: dict[str, Any]) -> str:
    """Where the hosted UI sends who has signed in."""
    return str(application["CallbackURLs"][0])


@pytest.fixture
def ui(stage: Stage) -> HostedUi:
    return stage.hosted_ui


@pytest.fixture
def member(ui: HostedUi, home: str, person: Person) -> Person:
    """Somebody who has signed up and confirmed."""
    signed_up(ui, home, person)
    return person


def signed_up(ui: HostedUi, home: str, person: Person) -> tuple[SignIn, Browser]:
    """A browser that is back at the application after signing up and confirming."""
    begun, browser = ui.begin(home, page="signup"), Browser(home)
    browser.visit(begun.url)
    browser.submit(username=person.email, password=person.password)
    browser.submit(code=CODE)
    assert browser.is_home, browser.page
    return begun, browser


def signed_in(ui: HostedUi, home: str, person: Person, **asked: Any) -> tuple[SignIn, Browser]:
    """A browser that gave the password; it is at the application unless more is asked of it."""
    begun, browser = ui.begin(home, **asked), Browser(home)
    browser.visit(begun.url)
    browser.submit(username=person.email, password=person.password)
    return begun, browser


def me(stage: Stage, token: str) -> Answer:
    return stage.call("GET", "/me/profile", headers={"authorization": f"Bearer {token}"})


def test_a_life_in_the_hosted_ui_from_signing_up_to_signing_out(
    stage: Stage, ui: HostedUi, person: Person, application: dict[str, Any], proof: Proof
) -> None:
    (home,) = application["CallbackURLs"]
    begun, browser = ui.begin(home, page="signup"), Browser(home)
    browser.visit(begun.url)
    browser.submit(username=person.email, password=person.password)
    browser.submit(code="000000")
    assert not browser.is_home, "a wrong code confirms nobody"
    browser.submit(code=CODE)
    done = ["signed up and confirmed"]

    tokens = ui.redeem(begun, browser.place)
    said = tokens.claims()
    assert (said["email"], said["token_use"], said["aud"]) == (person.email, "id", ui.client_id)
    assert (said["cognito:groups"], said["role"]) == (["athlete"], "athlete")
    assert claims(tokens.access_token)["cognito:groups"] == ["athlete"]
    assert said["exp"] - said["iat"] == application["IdTokenValidity"] * 60
    profile = eventually(lambda: me(stage, tokens.id_token).json(), bool, "the profile")
    assert profile.keys() == {"version"}
    done += ["tokens by PKCE", "a profile"]

    assert tokens.refresh_token is not None
    refreshed = ui.refresh(tokens.refresh_token)
    assert refreshed.id_token != tokens.id_token
    assert {name: refreshed.claims()[name] for name in ("sub", "cognito:groups")} == {
        name: said[name] for name in ("sub", "cognito:groups")
    }
    assert me(stage, refreshed.id_token).status == 200
    done.append("refreshed")

    ui.revoke(tokens.refresh_token)
    with pytest.raises(StageError, match="invalid_grant"):
        ui.refresh(tokens.refresh_token)
    done.append("revoked")
    (out,) = application["LogoutURLs"]
    left = send("GET", ui.sign_out_url(out), None, {})
    assert (left.status, left.headers["location"]) == (302, out)
    done.append("signed out")
    proof("1 sign-in", f"{len(done)} of 6 steps over HTTP: {', '.join(done)}")


def without_wrong_things(ui: HostedUi, begun: SignIn, code: str) -> dict[str, Callable[[], object]]:
    """Ways to redeem a code that is not one's own, or not as it was asked for."""
    other = begun.redirect_uri.replace("/callback", "/elsewhere")
    stranger = HostedUi(ui.url, "0123456789abcdefghijklmnop")
    return {
        "another verifier": lambda: ui.exchange(code, begun.redirect_uri, secrets.token_urlsafe(48)),
        "no verifier": lambda: ui.exchange(code, begun.redirect_uri, ""),
        "the challenge for the verifier": lambda: ui.exchange(
            code, begun.redirect_uri, parse_qs(urlsplit(begun.url).query)["code_challenge"][0]
        ),
        "another address": lambda: ui.exchange(code, other, begun.verifier),
        "another client": lambda: stranger.exchange(code, begun.redirect_uri, begun.verifier),
        "a made-up code": lambda: ui.exchange(secrets.token_urlsafe(24), begun.redirect_uri, begun.verifier),
    }


def test_a_code_is_worth_nothing_to_whoever_did_not_begin_the_sign_in(
    ui: HostedUi, home: str, member: Person, proof: Proof
) -> None:
    begun, browser = signed_in(ui, home, member)
    code = parse_qs(urlsplit(browser.place).query)["code"][0]
    attempts = without_wrong_things(ui, begun, code)
    for what, attempt in attempts.items():
        with pytest.raises(StageError, match="no tokens: 400"):
            assert not attempt(), what
    for changed in ({"state": "another"}, {"state": ""}):
        callback = f"{home}?{urlencode({'code': code, **changed})}"
        with pytest.raises(StageError, match="another sign-in"):
            ui.redeem(begun, callback)

    begun, browser = signed_in(ui, home, member)
    tokens = ui.redeem(begun, browser.place)
    assert tokens.refresh_token
    with pytest.raises(StageError, match="no tokens: 400"):
        ui.redeem(begun, browser.place)  # the same code again
    begun, browser = signed_in(ui, home, member)
    with pytest.raises(StageError, match="nonce"):
        ui.redeem(replace(begun, nonce="another"), browser.place)
    proof(
        "1 codes and PKCE", f"{len(attempts) + 4} ways to redeem a code that is not one's own: 0 gave tokens"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://localhost:8080/callback/../elsewhere"},
        {"redirect_uri": "http://localhost:8080.evil.example/callback"},
        {"redirect_uri": ""},
        {"client_id": "0123456789abcdefghijklmnop"},
        {"response_type": "token"},
    ],
    ids=str,
)
@pytest.mark.parametrize("page", ["oauth2/authorize", "signup", "login"])
def test_only_the_configured_application_is_served_and_nobody_else_is_sent_anything(
    ui: HostedUi, home: str, changed: dict[str, str], page: str
) -> None:
    place, _, query = ui.begin(home, page=page).url.partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()} | changed
    answer = send("GET", f"{place}?{urlencode(asked)}", None, {})
    assert "location" not in answer.headers
    assert answer.status == 400
    assert "<form" not in answer.text


@pytest.mark.parametrize(
    "changed", [{"code_challenge_method": "plain"}, {"scope": "openid wotr/everything"}], ids=str
)
def test_a_weaker_challenge_and_an_unknown_scope_are_sent_back_with_an_error(
    ui: HostedUi, home: str, changed: dict[str, str]
) -> None:
    begun = ui.begin(home)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()} | changed
    answer = send("GET", f"{ui.url}/oauth2/authorize?{urlencode(asked)}", None, {})
    assert answer.status == 302
    with pytest.raises(StageError, match="refused: invalid"):
        ui.redeem(begun, answer.headers["location"])


def test_signing_out_leads_to_no_other_place(ui: HostedUi) -> None:
    answer = send("GET", ui.sign_out_url("https://evil.example/"), None, {})
    assert (answer.status, answer.headers.get("location")) == (400, None)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (("password", "short1A"), "password"),
        (("password", "alllowercaseletters1"), "password"),
        (("password", "NoDigitsInThisOne"), "password"),
        (("email", "ada@mailinator.com"), "take one that you will keep"),
        (("email", "ada@nowhere"), "is no domain"),
    ],
)
def test_the_page_says_why_somebody_cannot_sign_up(
    ui: HostedUi, home: str, person: Person, changed: tuple[str, str], told: str
) -> None:
    person, browser = replace(person, **dict([changed])), Browser(home)
    browser.visit(ui.begin(home, page="signup").url)
    browser.submit(username=person.email, password=person.password)
    assert not browser.is_home
    assert told in browser.page
    _, browser = signed_in(ui, home, person)
    assert not browser.is_home


def totp(secret: str) -> str:
    """The authenticator app's code of now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time() // 30)), hashlib.sha1).digest()
    at = mac[-1] & 0x0F
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def test_who_has_set_up_a_second_factor_signs_in_with_it_and_not_without(
    ui: HostedUi, home: str, member: Person, stage: Stage, proof: Proof
) -> None:
    cognito = boto3.client("cognito-idp")
    begun, browser = signed_in(ui, home, member, scopes=SELF_SERVICE)
    access = ui.redeem(begun, browser.place).access_token
    secret = cognito.associate_software_token(AccessToken=access)["SecretCode"]
    cognito.verify_software_token(AccessToken=access, UserCode=totp(secret))
    cognito.set_user_mfa_preference(
        AccessToken=access, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )

    begun, browser = signed_in(ui, home, member)
    let_in = [browser.is_home]
    wrong = f"{(int(totp(secret)) + 1) % 10**6:06d}"
    browser.submit(code=wrong)
    let_in.append(browser.is_home)
    browser.submit(code=totp(secret))
    assert me(stage, ui.redeem(begun, browser.place).id_token).status == 200

    asked = cognito.admin_initiate_auth(
        UserPoolId=stage.outputs("auth")["UserPoolId"],
        ClientId=ui.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": member.email, "PASSWORD": member.password},
    )
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    let_in.append("AuthenticationResult" in asked)
    assert not any(let_in)
    proof(
        "1 second factor",
        f"{len(let_in)} tries without the right code, hosted UI and API: {sum(let_in)} let in",
    )


@pytest.fixture
def run(stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the script; how it ended, and what a pipe gets."""

    def run(*words: str, sent: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["sign_in.py", *words, "--stage", stage.name])
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{sent}\n"))
        return sign_in.main(), capsys.readouterr().out

    return run


def test_a_developer_signs_in_from_a_terminal(
    home: str, member: Person, stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def visit(url: str) -> bool:
        """What the browser does that the script opens: the last redirect leads to the script."""
        browser = Browser(home)
        browser.visit(url)
        browser.submit(username=member.email, password=member.password)
        assert send("GET", browser.place.replace("/callback", "/favicon.ico"), None, {}).status == 404
        return send("GET", browser.place, None, {}).status == 200

    monkeypatch.setattr("webbrowser.open", visit)
    ended, said = run()
    given = json.loads(said)
    assert (ended, me(stage, given["id_token"]).status) == (0, 200)
    ended, said = run("--refresh", "--id-token", sent=given["refresh_token"])
    assert (ended, me(stage, said.strip()).status) == (0, 200)
    assert run("--revoke", sent=given["refresh_token"]) == (0, "")
    assert run("--refresh", sent=given["refresh_token"]) == (1, "")
