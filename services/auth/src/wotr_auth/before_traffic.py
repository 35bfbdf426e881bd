"""What is asked of a new version of each trigger before Cognito calls it. Plain functions: AWS is passed in.

The sandbox user is invited, confirmed and given a token; the pool does not know it. It is enrolled, so that
what takes the request finds one that means nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wotr_common.traffic import SANDBOX_USER, Unfit

Call = Callable[[Mapping[str, Any]], Any]
"""The new version, from event to answer."""


def check(name: str, call: Call) -> str:
    """Ask the new version of function `name`, by its logical id; in words what was seen, else Unfit."""
    if name not in CHECKS:
        raise Unfit(f"nobody has said what to ask {name}")
    return CHECKS[name](call)


def lets_in(call: Call) -> str:
    """Whom an operator invites is let in, whatever addresses the stage refuses."""
    _unchanged(call, event("PreSignUp_AdminCreateUser"))
    return "lets in whom an operator invites"


def enrols(call: Call) -> str:
    """Whoever is confirmed goes on."""
    _unchanged(call, event("PostConfirmation_ConfirmSignUp"))
    return "lets whoever is confirmed go on"


def claims(call: Call) -> str:
    """Tokens say of whoever is in no group that they are an athlete."""
    asked = event("TokenGeneration_Authentication", groupConfiguration={"groupsToOverride": []})
    try:
        said = call(asked)["response"]["claimsAndScopeOverrideDetails"]
        groups, role = (
            said["groupOverrideDetails"]["groupsToOverride"],
            said["idTokenGeneration"]["claimsToAddOrOverride"]["role"],
        )
    except (KeyError, TypeError) as error:
        raise Unfit("its answer says nothing of groups and role") from error
    if (groups, role) != (["athlete"], "athlete"):
        raise Unfit(f"tokens of an athlete say {role}, in {groups}")
    return "says of an athlete that they are one"


CHECKS: Mapping[str, Callable[[Call], str]] = {
    "PreSignUpFunction": lets_in,
    "PostConfirmationFunction": enrols,
    "PreTokenGenerationFunction": claims,
}


def event(source: str, **request: Any) -> dict[str, Any]:
    """Cognito's event for the sandbox user."""
    attributes = {"sub": SANDBOX_USER, "email": f"{SANDBOX_USER}@example.com"}
    return {
        "version": "1",
        "triggerSource": source,
        "userName": SANDBOX_USER,
        "request": {"userAttributes": attributes, **request},
        "response": {},
    }


def _unchanged(call: Call, asked: dict[str, Any]) -> None:
    if call(asked) != asked:
        raise Unfit(f"the event of {asked['triggerSource']} comes back changed")
