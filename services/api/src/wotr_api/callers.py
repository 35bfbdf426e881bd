"""Who calls: API Gateway has authenticated them, here they get a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wotr_common.problems import Problem


def athlete(event: Mapping[str, Any]) -> str:
    """The signed-in athlete's userId, the token's `sub`; 401 where there is no token."""
    claims = _context(event).get("authorizer", {}).get("claims", {})
    subject = claims.get("sub")
    if not subject:
        raise Problem(401, "send an ID token of the user pool in the Authorization header")
    return str(subject)


def machine(event: Mapping[str, Any]) -> str:
    """The ARN of the principal that signed the call, session included; 403 where nobody did."""
    arn = (_context(event).get("identity") or {}).get("userArn")
    if not arn:
        raise Problem(403, "sign the call with AWS Signature Version 4")
    return str(arn)


def _context(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return event.get("requestContext") or {}
