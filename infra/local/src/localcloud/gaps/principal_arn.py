"""A policy that asks for ``aws:PrincipalArn`` sees the role of a session, not the session.

AWS: for whoever assumed a role, a function too, the key holds the role's ARN
(``arn:aws:iam::account:role/name``); the session's ARN is in no condition key.
MiniStack: the key holds ``arn:aws:sts::account:assumed-role/name/session``, so that a policy that
lets one role through lets nobody through.
Bridge: look up the role behind the session.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.iam_evaluator:_resolve_condition_key",
    "ministack.core.iam_evaluator:_role_name_from_assumed_arn",
    "ministack.services.iam:_roles",
)


def apply(_settings: Settings) -> None:
    """Answer for the role where a session asks."""
    resolve = iam_evaluator._resolve_condition_key

    def resolve_role(key: str, context: iam_evaluator.EvalContext) -> Any:
        found = resolve(key, context)
        return _of_role(found) if key.lower() == "aws:principalarn" and isinstance(found, str) else found

    iam_evaluator._resolve_condition_key = resolve_role


def _of_role(arn: str) -> str:
    if ":assumed-role/" not in arn:
        return arn
    role = iam._roles.get_scoped(arn.split(":")[4], None, iam_evaluator._role_name_from_assumed_arn(arn))
    return str(role["Arn"]) if role else arn
