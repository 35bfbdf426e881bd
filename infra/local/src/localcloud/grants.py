"""What a role or a service may do, for bridges that act in its name (inside the server)."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

TOUCHES = (
    "ministack.core.iam_actions:identity_denial_message",
    "ministack.core.iam_evaluator:_gather_role_policies",
    "ministack.core.iam_evaluator:_permissions_boundary",
    "ministack.core.iam_evaluator:evaluate_resource_policy",
    "ministack.core.iam_evaluator:resolve_principal",
    "ministack.services.iam:_roles",
)


def may(role: str, action: str, resource: str) -> bool:
    """Whether the policies and the boundary of the role with ARN ``role`` allow an action on a resource."""
    account, name = parse_arn(role).account_id, role.rpartition("/")[2]
    context = iam_evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    decision: str = iam_evaluator.evaluate(context, policies, *limits).decision
    return decision == "Allow"


def refusal(access_key: str, action: str, resource: str, **context: Any) -> str:
    """Why whoever signs with ``access_key`` may not do that, in IAM's words; "" if they may.

    ``context``: condition keys in lower case, with ``__`` for the colon.
    """
    caller = iam_evaluator.resolve_principal(access_key, get_account_id())
    if isinstance(caller, iam_evaluator.AuthError):
        return str(caller.message)
    if caller.policies is None:
        return ""  # the account's root user
    asked = iam_evaluator.EvalContext(
        principal_arn=caller.arn,
        principal_type=caller.type,
        principal_account=caller.account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={name.replace("__", ":"): value for name, value in context.items()},
        principal_keys=caller.keys,
    )
    decision: str = iam_evaluator.evaluate(asked, caller.policies, *caller.limits).decision
    if decision == "Allow":
        return ""
    return str(iam_actions.identity_denial_message(action, caller.arn, resource, decision == "Deny"))


def service_may(service: str, action: str, resource: str, policy: str, **context: Any) -> bool:
    """Whether a resource's ``policy`` lets an AWS service act on it.

    ``context``: condition keys in lower case, with ``__`` for the colon.
    """
    asked = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={name.replace("__", ":"): value for name, value in context.items()},
    )
    decision: str = iam_evaluator.evaluate_resource_policy(policy, asked, service=service).decision
    return decision == "Allow"
