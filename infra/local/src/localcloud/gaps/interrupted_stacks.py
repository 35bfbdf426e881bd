"""An operation on a stack that a stop of the server cuts off comes to an end after the next start.

AWS: does not stop.
MiniStack: keeps the stack as it was in that moment, in progress for ever, so that nobody can do anything
with it.
Bridge: what it takes to roll back is kept with the stack while it is created or updated, and is used after
the next start; a deletion goes on.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, stacks

from localcloud import startup
from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.responses:request_scope",
    "ministack.services.cloudformation:_change_sets",
    "ministack.services.cloudformation:_stacks",
    "ministack.services.cloudformation:load_persisted_state",
    "ministack.services.cloudformation.changesets:_deploy_stack_async",
    "ministack.services.cloudformation.handlers:_deploy_stack_async",
    "ministack.services.cloudformation.stacks:_delete_stack_async",
    "ministack.services.cloudformation.stacks:_deploy_stack_async",
    "ministack.services.cloudformation.stacks:_failed_operation",
    "ministack.services.cloudformation.stacks:_roll_back_operation",
)

_REASON = "The local cloud stopped during the operation"
_KEPT = "_localcloud_operation"
# Which arguments of MiniStack's function there are without a name, behind stack, id, template and parameters.
_NAMES = ("disable_rollback", "tags", "is_update", "previous_stack", "retain_except_on_create", "imports")

_log = logging.getLogger("localcloud")


def apply(_settings: Settings) -> None:
    """Keep how to go back, and go back."""
    deploy, load = stacks._deploy_stack_async, cloudformation.load_persisted_state

    @functools.wraps(deploy)
    async def deploy_and_keep(
        name: str, stack_id: str, template: Any, parameters: Any, *rest: Any, **options: Any
    ) -> None:
        stack = cloudformation._stacks[name]
        stack[_KEPT] = _operation(
            stack, template, parameters, dict(zip(_NAMES, rest, strict=False)) | options
        )
        # Not in a finally: what a stop of the server cancels is not over.
        await deploy(name, stack_id, template, parameters, *rest, **options)
        stack.pop(_KEPT, None)

    for module in (stacks, handlers, changesets):
        module._deploy_stack_async = deploy_and_keep

    def load_and_end(saved: Any) -> None:
        load(saved)
        cut_off = [(key, stack) for key, stack in cloudformation._stacks.all_items() if _cut_off(stack)]
        if cut_off:
            startup.afterwards(functools.partial(_end, cut_off))

    cloudformation.load_persisted_state = load_and_end


def _cut_off(stack: dict[str, Any]) -> bool:
    status = stack["StackStatus"]
    return status == "DELETE_IN_PROGRESS" or (_KEPT in stack and status.endswith("_IN_PROGRESS"))


def _operation(stack: dict[str, Any], template: Any, parameters: Any, options: dict[str, Any]) -> Any:
    before = options.get("previous_stack") or {}
    return stacks._failed_operation(
        options.get("is_update", False),
        options.get("previous_stack"),
        [],
        None,
        None,
        [],
        False,
        template,
        parameters,
        options.get("retain_except_on_create", False),
        stack.get("Tags") or [],
        before.get("Tags") or [],
        options.get("imports"),
    )


def _end(cut_off: list[tuple[tuple[str, str, str], dict[str, Any]]]) -> None:
    for (account, region, name), stack in cut_off:
        _log.warning("stack %s was cut off in %s and is brought to an end", name, stack["StackStatus"])
        with request_scope(account, region):
            if _KEPT in stack:
                _roll_back(name, stack)
            else:
                asyncio.run(stacks._delete_stack_async(name, stack["StackId"]))
        _log.info("stack %s: %s", name, stack["StackStatus"])


def _roll_back(name: str, stack: dict[str, Any]) -> None:
    operation = stack[_KEPT]
    before = (operation["previous_stack"] or {}).get("_resources", {})
    done = stack["_resources"]
    operation["created"] = [each for each, record in done.items() if record != before.get(each)]
    asyncio.run(stacks._roll_back_operation(name, stack["StackId"], stack, operation, _REASON))
    del stack[_KEPT]
    for change_set in cloudformation._change_sets.values():
        if (
            change_set["StackId"] == stack["StackId"]
            and change_set["ExecutionStatus"] == "EXECUTE_IN_PROGRESS"
        ):
            change_set["ExecutionStatus"] = "EXECUTE_FAILED"
