"""The shifts of one stack's update: which aliases, in what order, and what a failure means for the others."""

from __future__ import annotations

import copy
import os
from functools import partial
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import engine, provisioners, stacks

from localcloud import grants, saving
from localcloud.deployments import api, appspec, store
from localcloud.provisioning import Properties
from localcloud.services import Body, Refusal

TOUCHES = (
    *grants.TOUCHES,
    "ministack.services.cloudformation.engine:_NO_VALUE",
    "ministack.services.cloudformation.engine:_extract_deps",
    "ministack.services.cloudformation.engine:_intrinsic_references",
    "ministack.services.cloudformation.engine:_resolve_refs",
    "ministack.services.cloudformation.provisioners:_lambda_function_for_cfn_ref",
    "ministack.services.cloudformation.stacks:_add_event",
    "ministack.services.lambda_svc:_update_alias",
)

POLICY = "CodeDeployLambdaAliasUpdate"
_ALIAS = "AWS::Lambda::Alias"
_HOOKS = {"BeforeAllowTrafficHook": appspec.BEFORE, "AfterAllowTrafficHook": appspec.AFTER}
_KNOWN = {"ApplicationName", "DeploymentGroupName", *_HOOKS}
_NEEDED = ("codedeploy:CreateDeployment", "codedeploy:GetDeployment")
_LOOK_SECONDS = 0.5
_SAVE_SECONDS = 60.0


def has_policy(definition: Body) -> bool:
    """Whether a resource of a template is an alias that CodeDeploy shifts."""
    return definition.get("Type") == _ALIAS and POLICY in (definition.get("UpdatePolicy") or {})


def ordered(order: list[str], resources: dict[str, Body]) -> list[str]:
    """``order`` with aliases that are shifted as late as possible, and so together.

    What an update policy refers to comes before its alias. ValueError where that goes in a circle.
    """
    shifted = {name for name in order if has_policy(resources[name])}
    if not shifted:
        return order
    names = set(order)
    needs = {name: engine._extract_deps(resources[name], names) - {name} for name in order}
    for name in shifted:
        policy = resources[name]["UpdatePolicy"]
        needs[name] |= {found for found, _ in engine._intrinsic_references(policy) if found in names}
    result: list[str] = []
    left = list(order)
    while left:
        ready = [name for name in left if needs[name] <= set(result)]
        if not ready:
            raise ValueError(f"Circular dependency between resources: [{', '.join(left)}]")
        result += [name for name in ready if name not in shifted] or ready
        left = [name for name in left if name not in set(result)]
    return result


class StackUpdate:
    """An update of a stack while it goes on. ``order`` is set as soon as it is known."""

    def __init__(
        self, stack: Body, template: Body, parameters: Body, conditions: Body, minute: float
    ) -> None:
        self.stack = stack
        self.resources: dict[str, Body] = template.get("Resources", {})
        self.order: list[str] = []
        self._template = template
        self._parameters = parameters
        self._conditions = conditions
        self._minute = minute
        self._begun: dict[str, str] = {}

    def shifts(self, logical_id: str, old: Properties, new: Properties) -> bool:
        """Whether an alias's change is a deployment: it has the policy and gets another version.

        A stack that goes back does so at once.
        """
        if self.stack["StackStatus"] != "UPDATE_IN_PROGRESS" or not has_policy(self.resources[logical_id]):
            return False
        if any(old.get(name) != new.get(name) for name in ("FunctionName", "Name")):
            return False  # another alias
        return str(old.get("FunctionVersion")) != str(new.get("FunctionVersion"))

    def shift(self, logical_id: str) -> None:
        """Have an alias shifted, beginning it with all that are ready; ValueError when that fails."""
        if logical_id not in self._begun:
            self._begin(self._ready_with(logical_id))
        try:
            record = store.wait_until_ended(
                self._begun[logical_id], _LOOK_SECONDS, partial(self._look, logical_id)
            )
        except _OtherFailed as failed:
            self._abandon()
            raise ValueError(str(failed)) from None
        if record["info"]["status"] != "Succeeded":
            self._abandon()
            raise ValueError(_reason(record))

    def _ready_with(self, logical_id: str) -> list[str]:
        """The aliases that come in one go with this one."""
        rest = self.order[self.order.index(logical_id) :]
        together: list[str] = []
        for name in rest:
            if not has_policy(self.resources[name]):
                break
            if engine._extract_deps(self.resources[name], set(together)):
                break
            together.append(name)
        return together

    def _begin(self, logical_ids: list[str]) -> None:
        for logical_id in logical_ids:
            known = self.stack["_resources"].get(logical_id)
            if known is None:
                continue  # it is made, not changed
            new = self._resolved(self.resources[logical_id]["Properties"])
            if not self.shifts(logical_id, known["Properties"], new):
                continue
            try:
                self._begun[logical_id] = self._deployment(logical_id, known["Properties"], new)
            except (Refusal, ValueError) as refusal:
                self._abandon()
                code = f" ({refusal.code})" if isinstance(refusal, Refusal) else ""
                raise ValueError(f"{logical_id} cannot be deployed: {refusal}{code}") from None

    def _deployment(self, logical_id: str, old: Properties, new: Properties) -> str:
        policy = self._resolved(self.resources[logical_id]["UpdatePolicy"])[POLICY]
        if surplus := sorted(set(policy) - _KNOWN):
            raise ValueError(f"{POLICY} has {', '.join(surplus)}, which is not honoured on the local cloud")
        self._ask_the_role(f"{policy['ApplicationName']}/{policy['DeploymentGroupName']}")
        function, *_ = provisioners._lambda_function_for_cfn_ref(new["FunctionName"])
        spec = appspec.AppSpec(
            function["config"]["FunctionName"],
            new["Name"],
            str(old["FunctionVersion"]),
            str(new["FunctionVersion"]),
            {event: policy[hook] for hook, event in _HOOKS.items() if policy.get(hook)},
        )
        request = {
            "applicationName": policy["ApplicationName"],
            "deploymentGroupName": policy["DeploymentGroupName"],
            "revision": appspec.written(spec, logical_id),
            "description": f"{logical_id} of the stack {self.stack['StackName']}",
        }
        return api.start(request, self._minute, "CloudFormation")

    def _ask_the_role(self, group: str) -> None:
        """CloudFormation begins and follows the deployment as the stack's role, where it has one."""
        role, resource = str(self.stack.get("RoleARN") or ""), store.arn("deploymentgroup", group)
        for action in _NEEDED if role else ():
            if not grants.may(role, action, resource):
                raise ValueError(f"{role} is not authorized to perform: {action} on resource: {resource}")

    def _look(self, waited_for: str) -> None:
        """Raise when there is no use in waiting: another alias failed, or the update is cancelled."""
        if saving.ending.is_set():
            # As it is now the stack is saved; going back is for the next start.
            saving.saved.wait(_SAVE_SECONDS if os.environ.get("PERSIST_STATE") == "1" else 0)
            raise _OtherFailed("The local cloud stops")
        if self.stack.get("_cancel_requested"):
            raise _OtherFailed("Resource update cancelled")
        for logical_id, deployment_id in self._begun.items():
            record = store.deployment(deployment_id)
            if logical_id == waited_for:
                continue
            if store.ended(record) and record["info"]["status"] != "Succeeded":
                stacks._add_event(
                    self.stack["StackId"],
                    self.stack["StackName"],
                    logical_id,
                    _ALIAS,
                    "UPDATE_FAILED",
                    _reason(record),
                )
                raise _OtherFailed("Resource update cancelled")

    def _abandon(self) -> None:
        """Stop what is under way, and put back what is done: the stack goes back as a whole."""
        if saving.ending.is_set():
            return
        for deployment_id in self._begun.values():
            record = store.deployment(deployment_id)
            if not store.ended(record):
                api.stop(record, "The stack's update failed, or was cancelled.", back=True)
        for deployment_id in self._begun.values():
            record = store.wait_until_ended(deployment_id, _LOOK_SECONDS)
            if record["info"]["status"] == "Succeeded":
                _put_back(appspec.AppSpec(**record["appspec"]))
        self._begun.clear()

    def _resolved(self, said: Any) -> Any:
        found = engine._resolve_refs(
            copy.deepcopy(said),
            self.stack["_resources"],
            self._parameters,
            self._conditions,
            self._template.get("Mappings", {}),
            self.stack["StackName"],
            self.stack["StackId"],
        )
        return _without_nothing(found)


def _put_back(spec: appspec.AppSpec) -> None:
    """As CloudFormation does it when a stack goes back: at once."""
    version = {"FunctionVersion": spec.current, "RoutingConfig": {}}
    status, _headers, body = lambda_svc._update_alias(spec.function, spec.alias, version)
    if status >= 400:
        raise ValueError(f"{spec.function}:{spec.alias} cannot be put back: {body.decode(errors='replace')}")


class _OtherFailed(Exception):
    pass


def _without_nothing(said: Any) -> Any:
    if isinstance(said, dict):
        return {key: _without_nothing(value) for key, value in said.items() if value is not engine._NO_VALUE}
    return said


def _reason(record: Body) -> str:
    info = record["info"]
    problem = info.get("errorInformation") or {}
    back = (info.get("rollbackInfo") or {}).get("rollbackMessage", "")
    said = f"CodeDeploy deployment {info['deploymentId']} {info['status'].lower()}: {problem.get('message')}"
    return " ".join(filter(None, (said, f"(Error code: {problem.get('code')})", back)))
