"""The hosted UI lets people sign up, confirm, give a second factor and sign out for good.

AWS: the domain of a user pool has pages to sign up (``/signup``) and to confirm (``/confirmUser``),
from which the application gets a code as after signing in; whoever has an authenticator app is asked
for its code before there is one for the application (``/mfa``); ``/oauth2/revoke`` ends a refresh token.
MiniStack: only signs in, and passes over the second factor.
Bridge: those pages, with the same forms, on MiniStack's own operations. What a browser must bring back
from one page to the next is kept here under a number that cannot be guessed, for five minutes.
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-userpools-server-contract-reference.html
"""

from __future__ import annotations

import html
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ministack import app
from ministack.core.concurrency import run_reentrant
from ministack.services import cognito

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.app:_handle_cognito_body_request",
    "ministack.app:_handle_cognito_get_request",
    "ministack.core.concurrency:run_reentrant",
    "ministack.services.cognito:_authorization_codes",
    "ministack.services.cognito:_confirm_sign_up",
    "ministack.services.cognito:_extract_oauth_form_params",
    "ministack.services.cognito:_find_pool_by_client_id",
    "ministack.services.cognito:_get_pool_unscoped",
    "ministack.services.cognito:_issue_auth_code_redirect",
    "ministack.services.cognito:_mfa_challenge_for_user",
    "ministack.services.cognito:_oauth2_error",
    "ministack.services.cognito:_page_shell",
    "ministack.services.cognito:_resolve_user",
    "ministack.services.cognito:_revoke_token",
    "ministack.services.cognito:_run_idp_handler",
    "ministack.services.cognito:_sign_up",
    "ministack.services.cognito:_totp_matches",
    "ministack.services.cognito:handle_login_submit",
    "ministack.services.cognito:handle_oauth2_authorize",
)

Answer = tuple[int, dict[str, str], bytes]
Form = dict[str, str]

_PATIENCE_S = 300
_MOST_TRIES = 3
_pending: dict[str, dict[str, Any]] = {}


def apply(_settings: Settings) -> None:
    """Answer the pages' paths, and ask for the second factor behind MiniStack's own form."""
    get, post = app._handle_cognito_get_request, app._handle_cognito_body_request
    sign_in = cognito.handle_login_submit

    async def handle_get(method: str, path: str, headers: Any, query: dict[str, Any]) -> Any:
        if method == "GET" and path in ("/signup", "/login") and "client_id" in query:
            return _asked_for(path, headers, query)
        return await get(method, path, headers, query)

    async def handle_post(method: str, path: str, headers: Any, body: bytes, query: dict[str, Any]) -> Any:
        if method == "POST" and (page := _PAGES.get(path)):
            form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
            return await run_reentrant(page, form, thread_name="localcloud-hosted-ui")
        return await post(method, path, headers, body, query)

    app._handle_cognito_get_request, app._handle_cognito_body_request = handle_get, handle_post
    cognito.handle_login_submit = lambda *request: _second_factor(sign_in(*request))


def _asked_for(path: str, headers: Any, query: dict[str, Any]) -> Answer:
    """The page, where the application may ask for it: the same rules as for /oauth2/authorize."""
    answer: Answer = cognito.handle_oauth2_authorize("GET", "/oauth2/authorize", headers, query)
    if path == "/login" or answer[0] != 200:
        return answer
    said = {name: value[0] if isinstance(value, list) else value for name, value in query.items()}
    return _sign_up_page(cognito._extract_oauth_form_params(said))


def _sign_up(form: Form) -> Answer:
    """Sign somebody up; the next page asks for the code that they were sent."""
    request, username = cognito._extract_oauth_form_params(form), form.get("username", "")
    data = {
        "ClientId": request["client_id"],
        "Username": username,
        "Password": form.get("password", ""),
        "UserAttributes": [{"Name": "email", "Value": username}],
    }
    said, refusal = _outcome(cognito._sign_up, "SignUp", data)
    if refusal:
        return _sign_up_page(request, refusal)
    token = _keep(request=request, username=username)
    return _signed_in(token) if said["UserConfirmed"] else _confirmation_page(token)


def _confirm(form: Form) -> Answer:
    """Confirm with the code; the application gets one of its own."""
    token = form.get("token", "")
    if (kept := _kept(token)) is None:
        return _gone()
    data = {
        "ClientId": kept["request"]["client_id"],
        "Username": kept["username"],
        "ConfirmationCode": form.get("code", ""),
    }
    _, refusal = _outcome(cognito._confirm_sign_up, "ConfirmSignUp", data)
    return _confirmation_page(token, refusal) if refusal else _signed_in(token)


def _signed_in(token: str) -> Answer:
    kept = _pending.pop(token)
    request = kept["request"]
    pool_id, pool, _client = cognito._find_pool_by_client_id(request["client_id"])
    user = cognito._resolve_user(pool, kept["username"])[0]
    names = ("redirect_uri", "scope", "nonce", "code_challenge", "code_challenge_method", "state")
    told = {name: request[name] for name in names}
    redirect: Answer = cognito._issue_auth_code_redirect(
        client_id=request["client_id"], pool_id=pool_id, username=user["Username"], **told
    )
    return redirect


def _second_factor(answer: Answer) -> Answer:
    """MiniStack's answer to a password; where a second factor is due, a page that asks for it."""
    location = answer[1].get("Location", "")
    code = parse_qs(urlsplit(location).query).get("code", [""])[0]
    grant = cognito._authorization_codes.get(code)
    if answer[0] != 302 or grant is None:
        return answer
    pool = cognito._get_pool_unscoped(grant["pool_id"])
    user = pool["_users"][grant["username"]]
    if not cognito._mfa_challenge_for_user(pool, user, grant["pool_id"], grant["username"]):
        return answer
    del cognito._authorization_codes[code]
    return _factor_page(_keep(answer=answer, code=code, grant=grant, user=user))


def _factor(form: Form) -> Answer:
    """Let go on who brings the authenticator app's code; three wrong ones end it."""
    token = form.get("token", "")
    if (kept := _kept(token)) is None:
        return _gone()
    if cognito._totp_matches(kept["user"].get("_totp_secret", ""), form.get("code", "")):
        del _pending[token]
        cognito._authorization_codes[kept["code"]] = kept["grant"]
        answer: Answer = kept["answer"]
        return answer
    kept["tries"] += 1
    if kept["tries"] == _MOST_TRIES:
        del _pending[token]
        return _gone()
    return _factor_page(token, "Invalid code")


def _revoke(form: Form) -> Answer:
    """End a refresh token; of another client's, or of none, nothing is said."""
    client_id = form.get("client_id", "")
    if cognito._find_pool_by_client_id(client_id)[1] is None:
        refused: Answer = cognito._oauth2_error("invalid_client", "Client not found.")
        return refused
    _outcome(cognito._revoke_token, "RevokeToken", {"ClientId": client_id, "Token": form.get("token", "")})
    return 200, {"Content-Type": "application/json"}, b""


_PAGES = {"/signup": _sign_up, "/confirmUser": _confirm, "/mfa": _factor, "/oauth2/revoke": _revoke}


def _outcome(operation: Any, action: str, data: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What an operation answers, and what it says where it refuses."""
    status, _headers, body = cognito._run_idp_handler(operation, action, data)
    said = json.loads(body or b"{}")
    return said, "" if status < 400 else str(said.get("message") or said.get("Message") or said)


def _keep(**what: Any) -> str:
    now = time.time()
    for token in [token for token, kept in _pending.items() if kept["until"] < now]:
        del _pending[token]
    token = secrets.token_urlsafe(24)
    _pending[token] = {"until": now + _PATIENCE_S, "tries": 0, **what}
    return token


def _kept(token: str) -> dict[str, Any] | None:
    kept = _pending.get(token)
    return kept if kept and kept["until"] >= time.time() else None


def _gone() -> Answer:
    refused: Answer = cognito._oauth2_error("invalid_request", "Sign in again: this page is no longer good.")
    return refused


def _sign_up_page(request: Mapping[str, str], error: str = "") -> Answer:
    fields = (("username", "email"), ("password", "password"))
    return _page("Sign up", "/signup", request, fields, error)


def _confirmation_page(token: str, error: str = "") -> Answer:
    return _page("Confirm your account", "/confirmUser", {"token": token}, (("code", "text"),), error)


def _factor_page(token: str, error: str = "") -> Answer:
    return _page("Code of your authenticator app", "/mfa", {"token": token}, (("code", "text"),), error)


def _page(
    title: str, action: str, hidden: Mapping[str, str], fields: Iterable[tuple[str, str]], error: str
) -> Answer:
    """A form; a refused one says why."""
    told = f'<div class="error">{html.escape(error)}</div>' if error else ""
    carried = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in hidden.items()
    )
    asked = "".join(f'<input type="{kind}" name="{name}" required>' for name, kind in fields)
    form = f'{told}<form method="POST" action="{action}">{carried}{asked}<button>{title}</button></form>'
    return 200, {"Content-Type": "text/html; charset=utf-8"}, cognito._page_shell(title, title, form).encode()
