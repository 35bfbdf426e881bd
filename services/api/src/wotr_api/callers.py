"""Who calls: API Gateway has authenticated them, here they get a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from wotr_common.problems import Problem
from wotr_common.workout import USER_ID_PATTERN


def athlete(event: Mapping[str, Any]) -> str:
    """The signed-in athlete's userId, the token's `sub`; 401 where there is no ID token.

    API Gateway takes only ID tokens where a route names no scopes. That is looked at again: an access token
    is given to other applications, and not every emulator tells the two apart.
    """
    claims = _context(event).get("authorizer", {}).get("claims", {})
    subject = claims.get("sub")
    if not subject or claims.get("token_use") != "id":
        raise Problem(401, "send an ID token of the user pool in the Authorization header")
    return str(subject)


def machine(event: Mapping[str, Any]) -> str:
    """The ARN of the principal that signed the call, session included; 403 where nobody did."""
    arn = (_context(event).get("identity") or {}).get("userArn")
    if not arn:
        raise Problem(403, "sign the call with AWS Signature Version 4")
    return str(arn)


def without_session(arn: str) -> str:
    """The principal behind a session's ARN: the same when a caller has to renew its credentials."""
    parts = arn.split("/")
    return "/".join(parts[:-1]) if ":assumed-role/" in arn else arn


def named(user_id: str) -> str:
    """The user named by a part of the path; 404 where nobody can be called that."""
    name = unquote(user_id)
    if not re.fullmatch(USER_ID_PATTERN, name):
        raise Problem(404, "there is no such user: an id is 1 to 64 of A-Z a-z 0-9 _ . @ : -")
    return name


def _context(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return event.get("requestContext") or {}
