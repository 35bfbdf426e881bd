"""What tokens say of whom they were issued for. Plain functions, no AWS.

Whoever signs in is an athlete, without being put into the group: IAM cannot say which group a function may
put somebody into, so one that may make athletes might as well make admins. An operator makes coaches and
admins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

RANKED = ("admin", "coach", "athlete")  # as the precedence of the groups in the template
# Cognito knows these of everybody who fills them in. Tokens lie in browsers, and nobody here needs them.
KEPT_BACK = ("address", "birthdate", "gender", "phone_number", "phone_number_verified")


def groups(member_of: Iterable[str]) -> list[str]:
    """The platform's groups, highest rank first. Whatever else a pool has is left out."""
    held = {*member_of, "athlete"}
    return [group for group in RANKED if group in held]


def overrides(request: Mapping[str, Any]) -> dict[str, Any]:
    """What Cognito is to change in both tokens, for the `request` of a trigger event of version 2."""
    configured = request.get("groupConfiguration") or {}
    held = groups(configured.get("groupsToOverride") or [])
    role = {"role": held[0]}
    return {
        "idTokenGeneration": {"claimsToAddOrOverride": role, "claimsToSuppress": list(KEPT_BACK)},
        "accessTokenGeneration": {"claimsToAddOrOverride": role},
        "groupOverrideDetails": {"groupsToOverride": held},
    }
