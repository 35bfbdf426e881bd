"""A call on one alias of a function asks for that call's action.

AWS: who reads, changes or deletes an alias needs lambda:GetAlias, lambda:UpdateAlias or lambda:DeleteAlias.
MiniStack: asks for lambda:ListAliases, so that a role needs what AWS does not ask, and not what it does.
Bridge: name the action by the method.
"""

from __future__ import annotations

from ministack.core import iam_actions

from localcloud.gaps import Settings

TOUCHES = ("ministack.core.iam_actions:_lambda_action",)

_ACTIONS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}


def apply(_settings: Settings) -> None:
    """Look at paths that end in an alias's name."""
    action_of = iam_actions._lambda_action

    def action_of_alias(method: str, path: str) -> str | None:
        parts = path.strip("/").split("/")
        if len(parts) == 5 and parts[1] == "functions" and parts[3] == "aliases":
            return _ACTIONS.get(method)
        action: str | None = action_of(method, path)
        return action

    iam_actions._lambda_action = action_of_alias
