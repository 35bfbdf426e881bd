"""A stack's update shifts the traffic of its aliases through CodeDeploy.

AWS: where an alias has the update policy ``CodeDeployLambdaAliasUpdate`` and gets another version,
CloudFormation begins a deployment and waits for it; those of one stack run side by side. A deployment that
fails fails the resource, and the stack goes back, without another shift. What is made anew is not shifted.
MiniStack: ignores update policies, points the alias at its new version at once, and updates one resource
after another: ten functions would take ten canaries in a row.
Bridge: aliases that are shifted come last among what does not depend on them, and the first of those that
are ready begins the deployments of all. If one fails the others are stopped, and those that are done are put
back.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
"""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

from localcloud.deployments import stack_update
from localcloud.gaps import Settings
from localcloud.provisioning import Properties, Provisioned

TOUCHES = (
    *stack_update.TOUCHES,
    "ministack.services.cloudformation:_stacks",
    "ministack.services.cloudformation.changesets:_deploy_stack_async",
    "ministack.services.cloudformation.engine:_evaluate_conditions",
    "ministack.services.cloudformation.handlers:_deploy_stack_async",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.stacks:_deploy_stack_async",
    "ministack.services.cloudformation.stacks:_runs_on_worker_thread",
    "ministack.services.cloudformation.stacks:_topological_sort",
)

_ALIAS = "AWS::Lambda::Alias"
_update: ContextVar[stack_update.StackUpdate | None] = ContextVar("stack_update", default=None)


def apply(settings: Settings) -> None:
    """Follow each update of a stack, and shift its aliases."""
    _follow_updates(settings.minute)
    _order_and_wait()
    handler = provisioners._RESOURCE_HANDLERS[_ALIAS]
    change = handler["update"]

    def shift(alias: str, old: Properties, new: Properties, stack: str, logical_id: str = "") -> Provisioned:
        under_way = _update.get()
        ours = under_way is not None and under_way.stack["StackName"] == stack
        if under_way is not None and ours and under_way.shifts(logical_id, old, new):
            under_way.shift(logical_id)
        # The rest of its properties; the version is there already.
        changed: Provisioned = (
            change(alias, old, new, stack, logical_id) if takes_logical_id else change(alias, old, new, stack)
        )
        return changed

    takes_logical_id = bool(handler.get("update_with_logical_id"))
    handler.update(update=shift, update_with_logical_id=True)


def _follow_updates(minute: float) -> None:
    """Let what is done to a resource know which update of which stack it belongs to."""
    deploy = stacks._deploy_stack_async

    @functools.wraps(deploy)
    async def deploy_and_know(
        stack_name: str, stack_id: str, template: Any, parameters: Any, *rest: Any, **options: Any
    ) -> None:
        if options.get("is_update"):
            stack = cloudformation._stacks[stack_name]
            conditions = engine._evaluate_conditions(template, parameters)
            _update.set(stack_update.StackUpdate(stack, template, parameters, conditions, minute))
        try:
            await deploy(stack_name, stack_id, template, parameters, *rest, **options)
        finally:
            _update.set(None)

    for module in (stacks, handlers, changesets):
        module._deploy_stack_async = deploy_and_know


def _order_and_wait() -> None:
    """Let aliases that shift come together, and wait for them off the event loop."""
    sort, off_loop = stacks._topological_sort, stacks._runs_on_worker_thread

    def sort_for_shifts(resources: Any, conditions: Any) -> list[str]:
        order: list[str] = stack_update.ordered(sort(resources, conditions), resources)
        if (under_way := _update.get()) is not None and resources is under_way.resources:
            under_way.order = order
        return order

    stacks._topological_sort = sort_for_shifts
    stacks._runs_on_worker_thread = lambda type_name: type_name == _ALIAS or off_loop(type_name)
