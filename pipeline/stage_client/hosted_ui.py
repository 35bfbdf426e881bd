"""Signing in as a browser does: hosted UI, authorization code with PKCE (RFC 7636), refresh, sign-out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from stage_client.answers import StageError, send

SCOPES = ("openid", "email", "profile")
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Tokens:
    """What an athlete is given; `refresh_token` is None where they were refreshed."""

    id_token: str
    access_token: str
    expires_in: int
    refresh_token: str | None = None

    def claims(self) -> dict[str, Any]:
        """The claims of the ID token, which came from the token endpoint itself."""
        return claims(self.id_token)


@dataclass(frozen=True)
class SignIn:
    """One attempt to sign in: what only who began it knows. `url` is for the browser."""

    url: str
    redirect_uri: str
    state: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


class HostedUi:
    """The sign-in pages at `url`, for the application `client_id`."""

    def __init__(self, url: str, client_id: str) -> None:
        self.url = url.rstrip("/")
        self.client_id = client_id

    def begin(
        self, redirect_uri: str, page: str = "oauth2/authorize", scopes: Sequence[str] = SCOPES
    ) -> SignIn:
        """Begin to sign in, or to sign up where `page` is `signup`."""
        state, nonce, verifier = (secrets.token_urlsafe(size) for size in (24, 24, 48))
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        return SignIn(f"{self.url}/{page}?{urlencode(asked)}", redirect_uri, state, verifier, nonce)

    def redeem(self, begun: SignIn, callback: str) -> Tokens:
        """The tokens for the address that the browser came back to; StageError where it is none of ours."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}
        if not hmac.compare_digest(said.get("state", "").encode(), begun.state.encode()):
            raise StageError("the answer belongs to another sign-in (its state differs); begin again")
        if "code" not in said:
            reason = said.get("error_description") or said.get("error") or "no code"
            raise StageError(f"the sign-in was refused: {reason}")
        found = self.exchange(said["code"], begun.redirect_uri, begun.verifier)
        if found.claims().get("nonce") != begun.nonce:
            raise StageError("the token was issued for another sign-in (its nonce differs); begin again")
        return found

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """The tokens for a code; StageError says why not."""
        asked = {"code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        return self._tokens("authorization_code", asked)

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens, without the athlete."""
        return self._tokens("refresh_token", {"refresh_token": refresh_token})

    def revoke(self, refresh_token: str) -> None:
        """End a refresh token and what was issued with it."""
        body = urlencode({"token": refresh_token, "client_id": self.client_id}).encode()
        answer = send("POST", f"{self.url}/oauth2/revoke", body, _FORM)
        if answer.status != 200:
            raise StageError(f"the token was not revoked: {answer.status} {answer.text}")

    def sign_out_url(self, logout_uri: str) -> str:
        """Where the browser forgets who signed in; it comes back at `logout_uri`."""
        return f"{self.url}/logout?{urlencode({'client_id': self.client_id, 'logout_uri': logout_uri})}"

    def _tokens(self, grant: str, asked: Mapping[str, str]) -> Tokens:
        body = urlencode({"grant_type": grant, "client_id": self.client_id, **asked}).encode()
        answer = send("POST", f"{self.url}/oauth2/token", body, _FORM)
        if answer.status != 200:
            raise StageError(f"no tokens: {answer.status} {answer.text}")
        said = answer.json()
        return Tokens(
            said["id_token"], said["access_token"], int(said["expires_in"]), said.get("refresh_token")
        )


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found
