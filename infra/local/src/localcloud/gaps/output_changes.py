"""A template that differs only in its outputs is a change.

AWS: the change set has no resource in it and can be executed: outputs and exports follow.
MiniStack: looks at resources and tags alone, says that there are no changes, and so never deploys
a new export. UpdateStack of the same template does deploy it.
Bridge: a change set refused for that reason is made executable if the stack's outputs would be others.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, stacks

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudformation:_stacks",
    "ministack.services.cloudformation.changesets:_find_change_set",
    "ministack.services.cloudformation.changesets:_p",
    "ministack.services.cloudformation.changesets:_stack_region_context",
    "ministack.services.cloudformation.engine:_evaluate_conditions",
    "ministack.services.cloudformation.handlers:_ACTION_HANDLERS",
    "ministack.services.cloudformation.stacks:_resolve_stack_outputs",
)

_NO_CHANGES = "didn't contain changes"


def apply(_settings: Settings) -> None:
    """Look again at every change set that was refused as empty."""
    create = handlers._ACTION_HANDLERS["CreateChangeSet"]

    def create_with_outputs(params: dict[str, Any]) -> Any:
        answer = create(params)
        name, stack_name = (changesets._p(params, key) for key in ("ChangeSetName", "StackName"))
        _, change_set = changesets._find_change_set(name, stack_name)
        if change_set and _NO_CHANGES in change_set["StatusReason"] and _outputs_differ(change_set):
            change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        return answer

    handlers._ACTION_HANDLERS["CreateChangeSet"] = create_with_outputs


def _outputs_differ(change_set: dict[str, Any]) -> bool:
    """Compare values: no resource changes, so what the outputs refer to is known already."""
    stack = cloudformation._stacks[change_set["StackName"]]
    template, parameters = change_set["_template"], change_set["_resolved_params"]
    with changesets._stack_region_context(stack, stack["StackId"]):
        try:
            outputs, _exports = stacks._resolve_stack_outputs(
                template.get("Outputs", {}),
                engine._evaluate_conditions(template, parameters),
                stack["_resources"],
                parameters,
                template.get("Mappings", {}),
                stack["StackName"],
                stack["StackId"],
            )
        except ValueError:
            return True  # executing it says what is wrong with them
    return _by_key(outputs) != _by_key(stack.get("Outputs", []))


def _by_key(outputs: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {output["OutputKey"]: output for output in outputs}
