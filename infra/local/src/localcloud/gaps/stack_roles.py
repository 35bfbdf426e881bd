"""Who gives CloudFormation a role must be allowed to pass it, and the role must trust CloudFormation.

AWS: a call with RoleARN needs ``iam:PassRole`` on that role, and CloudFormation then acts as the role, which
its trust policy must allow; the stack keeps the role, and says so.
MiniStack: ignores the role.
Bridge: ask IAM and the trust policy before the call, and tell the role with the stack.
Not bridged: CloudFormation makes resources with nobody's permissions here, so a role that lacks some is not
found.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.router import extract_access_key_id
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, helpers

from localcloud import grants, service_roles
from localcloud.gaps import Settings

TOUCHES = (
    *grants.TOUCHES,
    *service_roles.TOUCHES,
    "ministack.core.router:extract_access_key_id",
    "ministack.services.cloudformation:_stacks",
    "ministack.services.cloudformation:handle_request",
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS",
    "ministack.services.cloudformation.handlers:_resolve_stack",
    "ministack.services.cloudformation.helpers:_error",
    "ministack.services.cloudformation.helpers:_p",
)

_SERVICE = "cloudformation.amazonaws.com"
_TAKING_A_ROLE = (
    "CreateStack",
    "UpdateStack",
    "DeleteStack",
    "CreateChangeSet",
    "ContinueUpdateRollback",
    "RollbackStack",
)

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], Answer]

# Who signed the call that is being answered.
_caller: ContextVar[str] = ContextVar("localcloud_stack_caller", default="")


def apply(_settings: Settings) -> None:
    """Ask before each call that takes a role; tell the role afterwards."""
    handle = cloudformation.handle_request

    async def handle_for_caller(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
        token = _caller.set(extract_access_key_id(headers, query) or "")
        try:
            answer: Answer = await handle(method, path, headers, body, query)
            return answer
        finally:
            _caller.reset(token)

    cloudformation.handle_request = handle_for_caller
    for action in _TAKING_A_ROLE:
        handlers._ACTION_HANDLERS[action] = _asking(handlers._ACTION_HANDLERS[action])
    handlers._ACTION_HANDLERS["DescribeStacks"] = _telling(handlers._ACTION_HANDLERS["DescribeStacks"])


def _asking(handler: Handler) -> Handler:
    def ask(params: dict[str, Any]) -> Answer:
        role = helpers._p(params, "RoleARN")
        refused = _refusal(role) if role else None
        if refused:
            return refused
        answer = handler(params)
        stack = handlers._resolve_stack(helpers._p(params, "StackName"))
        if role and answer[0] == 200 and stack is not None:
            stack["RoleARN"] = role
        return answer

    return ask


def _refusal(role: str) -> Answer | None:
    """What a call with this role is answered instead; None where there is nothing against it."""
    denied = grants.refusal(_caller.get(), "iam:PassRole", role, iam__passedtoservice=_SERVICE)
    refused: Answer | None = helpers._error("AccessDenied", denied, 403) if denied else None
    try:
        service_roles.must_trust(role, _SERVICE)
    except service_roles.NotTrusted:
        text = f"Role {role} is invalid or cannot be assumed"
        refused = refused or helpers._error("ValidationError", text)
    return refused


def _telling(describe: Handler) -> Handler:
    def tell(params: dict[str, Any]) -> Answer:
        status, headers, body = describe(params)
        for stack in cloudformation._stacks.values():
            if status == 200 and stack.get("RoleARN"):
                own = f"<StackId>{escape(stack['StackId'])}</StackId>".encode()
                body = body.replace(own, own + f"<RoleARN>{escape(stack['RoleARN'])}</RoleARN>".encode())
        return status, headers, body

    return tell
