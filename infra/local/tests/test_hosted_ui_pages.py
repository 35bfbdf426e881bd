"""Gap: the hosted UI lets people sign up, confirm, give a second factor and sign out for good."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import struct
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from stack import Client, Deploy, Stack

from localcloud import LocalCloud

HOME = "http://localhost:8080/callback"
VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
WORD = f"Aa1-{secrets.token_urlsafe(12)}"


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_request: Any) -> None:
        return None


@dataclass
class Pages:
    """The pages of a pool's domain, as a browser posts to them; `form` is what the last one asked for."""

    url: str
    client_id: str
    form: dict[str, str]
    shown: str = ""

    def get(self, path: str, **changed: str) -> int:
        """Ask for a page as an application does."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": HOME,
            "response_type": "code",
            "scope": "openid aws.cognito.signin.user.admin",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return self._send(f"{path}?{urlencode(asked | changed)}", None)[0]

    def post(self, path: str, **filled: str) -> tuple[int, str]:
        """Send a form; the status, and where that leads."""
        return self._send(path, urlencode(self.form | filled).encode())

    def redeem(self, place: str) -> dict[str, Any]:
        """The tokens for the code in an address."""
        code = parse_qs(urlsplit(place).query)["code"][0]
        self.form = {"grant_type": "authorization_code", "client_id": self.client_id, "redirect_uri": HOME}
        assert self.post("/oauth2/token", code=code, code_verifier=VERIFIER)[0] == 200, self.shown
        found: dict[str, Any] = json.loads(self.shown)
        return found

    def _send(self, path: str, body: bytes | None) -> tuple[int, str]:
        try:
            answer = urllib.request.build_opener(Stay).open(self.url + path, body)
        except urllib.error.HTTPError as error:
            answer = error
        self.shown = answer.read().decode()
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', self.shown)
        self.form = dict(found) or self.form
        return answer.status, answer.headers.get("Location", "")


@pytest.fixture(scope="module")
def pool(stack: Deploy) -> Stack:
    return stack(
        {
            "Pool": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {
                    "UsernameAttributes": ["email"],
                    "MfaConfiguration": "OPTIONAL",
                    "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
                },
            },
            "App": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {
                    "UserPoolId": {"Ref": "Pool"},
                    "AllowedOAuthFlowsUserPoolClient": True,
                    "AllowedOAuthFlows": ["code"],
                    "AllowedOAuthScopes": ["openid", "aws.cognito.signin.user.admin"],
                    "SupportedIdentityProviders": ["COGNITO"],
                    "CallbackURLs": [HOME],
                },
            },
        }
    )


@pytest.fixture
def pages(cloud: LocalCloud, pool: Stack) -> Pages:
    return Pages(cloud.endpoint, pool.ids["App"], {})


def join(pages: Pages, email: str) -> dict[str, Any]:
    """Sign up and confirm; the tokens."""
    assert pages.get("/signup") == 200
    assert pages.post("/signup", username=email, password=WORD)[0] == 200
    status, place = pages.post("/confirmUser", code="123456")
    assert (status, place.startswith(f"{HOME}?code=")) == (302, True), pages.shown
    return pages.redeem(place)


def test_whoever_signs_up_and_confirms_is_let_in(pages: Pages) -> None:
    pages.get("/signup")
    assert pages.post("/signup", username="weak@a.bc", password=WORD[:4]) == (200, "")
    assert "Password did not conform" in pages.shown
    pages.post("/signup", username="ada@a.bc", password=WORD)
    assert pages.post("/confirmUser", code="654321") == (200, "")
    assert "Invalid verification code" in pages.shown
    assert pages.redeem(pages.post("/confirmUser", code="123456")[1])["id_token"]
    assert pages.post("/confirmUser", code="123456")[0] == 400, "a page is good once"


@pytest.mark.parametrize("path", ["/signup", "/login"])
def test_a_page_is_shown_to_the_configured_application_only(pages: Pages, path: str) -> None:
    assert pages.get(path) == 200
    assert pages.get(path, redirect_uri="https://evil.example/") == 400
    assert pages.get(path, client_id="nobody") == 400


def test_there_is_no_code_before_the_second_factor(pages: Pages, client: Client) -> None:
    access = join(pages, "bob@a.bc")["access_token"]
    secret = client("cognito-idp").associate_software_token(AccessToken=access)["SecretCode"]
    client("cognito-idp").verify_software_token(AccessToken=access, UserCode=totp(secret))

    pages.get("/login")
    assert pages.post("/login", username="bob@a.bc", password=WORD) == (200, "")
    assert pages.redeem(pages.post("/mfa", code=totp(secret))[1])["id_token"]

    pages.get("/login")
    pages.post("/login", username="bob@a.bc", password=WORD)
    wrong = f"{(int(totp(secret)) + 1) % 10**6:06d}"
    assert [pages.post("/mfa", code=wrong)[0] for _ in range(3)] == [200, 200, 400]
    assert pages.post("/mfa", code=totp(secret))[0] == 400


def test_a_revoked_token_refreshes_nothing(pages: Pages) -> None:
    token = join(pages, "cy@a.bc")["refresh_token"]
    pages.form = {"client_id": pages.client_id}
    assert pages.post("/oauth2/token", grant_type="refresh_token", refresh_token=token)[0] == 200
    assert pages.post("/oauth2/revoke", token=token) == (200, "")
    assert pages.post("/oauth2/token", grant_type="refresh_token", refresh_token=token)[0] == 400
    pages.form = {"client_id": "nobody"}
    assert pages.post("/oauth2/revoke", token=token)[0] == 400


def totp(secret: str) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time() // 30)), hashlib.sha1).digest()
    at = mac[-1] & 0x0F
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"
