"""An export that another stack imports keeps its value and stays; a name is exported once.

AWS: an update that would change or remove such an export fails once its resources are done, with the reason
"Export X cannot be updated as it is in use by Y", and rolls back. A second stack with an export of the same
name fails. An export that a template no longer has is gone.
MiniStack: holds this against deletions only; an update changes the value under its importers' feet, and an
export that was removed stays for ever.
Bridge: look at exports where outputs are resolved, before the stack is complete, and drop what is no longer
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, stacks

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudformation:_exports",
    "ministack.services.cloudformation:_stacks",
    "ministack.services.cloudformation.changesets:_deploy_stack_async",
    "ministack.services.cloudformation.engine:_resolve_refs",
    "ministack.services.cloudformation.handlers:_deploy_stack_async",
    "ministack.services.cloudformation.stacks:_deploy_stack_async",
    "ministack.services.cloudformation.stacks:_resolve_stack_outputs",
)

_GONE = {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"}


def apply(_settings: Settings) -> None:
    """Look when outputs are resolved, and again when a stack is done."""
    resolve, deploy = stacks._resolve_stack_outputs, stacks._deploy_stack_async

    def resolve_and_check(*arguments: Any) -> Any:
        outputs, exports = resolve(*arguments)
        _check(stack_name=arguments[-2], stack_id=arguments[-1], exports=exports)
        return outputs, exports

    async def deploy_and_forget(stack_name: str, *arguments: Any, **options: Any) -> None:
        await deploy(stack_name, *arguments, **options)
        _forget_removed(stack_name)

    stacks._resolve_stack_outputs = resolve_and_check
    for module in (stacks, handlers, changesets):
        module._deploy_stack_async = deploy_and_forget


def _check(stack_name: str, stack_id: str, exports: dict[str, dict[str, str]]) -> None:
    """ValueError, which fails the operation, where these exports cannot take the place of the stack's."""
    for name in exports:
        owner = cloudformation._exports.get(name, {}).get("StackId", stack_id)
        if owner != stack_id:
            raise ValueError(f"Export with name {name} is already exported by stack {owner.split('/')[1]}")
    for name, export in cloudformation._exports.items():
        if export["StackId"] != stack_id or exports.get(name, {}).get("Value") == export["Value"]:
            continue
        users = sorted(_importers(name, stack_name))
        if users:
            verb = "updated" if name in exports else "deleted"
            raise ValueError(f"Export {name} cannot be {verb} as it is in use by {', '.join(users)}")


def _forget_removed(stack_name: str) -> None:
    stack = cloudformation._stacks.get(stack_name)
    if stack is None or stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return
    kept = {output["ExportName"] for output in stack["Outputs"] if output.get("ExportName")}
    for name, export in cloudformation._exports.items():
        if export["StackId"] == stack["StackId"] and name not in kept:
            cloudformation._exports.pop(name, None)


def _importers(export: str, exporter: str) -> Iterator[str]:
    """Names of stacks that import it; a stack may import what it exports itself no more than any other."""
    for name, stack in cloudformation._stacks.items():
        if name != exporter and stack["StackStatus"] not in _GONE and export in set(_imports(stack)):
            yield name


def _imports(stack: dict[str, Any]) -> Iterator[str]:
    """Names that a stack imports, as its conditions have it."""
    template, conditions = stack.get("_template") or {}, stack.get("_conditions") or {}
    for section in ("Resources", "Outputs"):
        for part in (template.get(section) or {}).values():
            if conditions.get(part.get("Condition"), True):
                yield from _imported(part, stack, template, conditions)


def _imported(
    node: Any, stack: dict[str, Any], template: dict[str, Any], conditions: dict[str, bool]
) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _imported(each, stack, template, conditions)
    elif isinstance(node, dict) and "Fn::ImportValue" in node:
        yield str(
            engine._resolve_refs(
                node["Fn::ImportValue"],
                stack.get("_resources", {}),
                stack.get("_resolved_params", {}),
                conditions,
                template.get("Mappings", {}),
                stack["StackName"],
                stack["StackId"],
            )
        )
    elif isinstance(node, dict) and "Fn::If" in node:
        condition, then, otherwise = node["Fn::If"]
        chosen = then if conditions.get(condition, True) else otherwise
        yield from _imported(chosen, stack, template, conditions)
    elif isinstance(node, dict):
        for each in node.values():
            yield from _imported(each, stack, template, conditions)
