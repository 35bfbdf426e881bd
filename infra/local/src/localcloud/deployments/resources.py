"""The resource types of CodeDeploy: made and changed by the same operations as through the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, Shape, StructureShape
from ministack.services.cloudformation import provisioners

from localcloud.deployments import api, groups, store
from localcloud.provisioning import Properties, Provisioned
from localcloud.services import Body, Refusal

TOUCHES = ("ministack.services.cloudformation.provisioners:_physical_name",)

_NAME_LENGTH = 100
_CONVERT: dict[str, Callable[[Any], Any]] = {
    "integer": int,
    "long": int,
    "boolean": lambda value: value if isinstance(value, bool) else str(value).lower() == "true",
}


def _application(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("ApplicationName") or _named(stack, logical_id)
    _call(api.create_application, "CreateApplication", {**properties, "ApplicationName": name})
    return name, {}


def _update_application(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Provisioned:
    fixed = ("ApplicationName", "ComputePlatform")
    if any(old.get(each) != new.get(each) for each in fixed):
        _delete_application(name, old)
        return _application(logical_id, new, stack)
    groups.put_tags(store.arn("application", name), new.get("Tags"))
    return name, {}


def _delete_application(name: str, _properties: Properties) -> None:
    api.delete_application({"applicationName": name})


def _group(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("DeploymentGroupName") or _named(stack, logical_id)
    _call(groups.create, "CreateDeploymentGroup", {**properties, "DeploymentGroupName": name})
    return name, {}


def _update_group(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    if any(old.get(each) != new.get(each) for each in ("ApplicationName", "DeploymentGroupName")):
        _delete_group(name, old)
        return _group(logical_id, new, stack)
    # What a template no longer says is as if it had never been said.
    known = store.application(new["ApplicationName"])["groups"]
    before = known.pop(name)
    try:
        _call(groups.create, "CreateDeploymentGroup", {**new, "DeploymentGroupName": name})
    except ValueError:
        known[name] = before
        raise
    known[name].update({key: before[key] for key in ("deploymentGroupId", "targetRevision") if key in before})
    return name, {}


def _delete_group(name: str, properties: Properties) -> None:
    groups.delete({"applicationName": properties["ApplicationName"], "deploymentGroupName": name})


def _configuration(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("DeploymentConfigName") or _named(stack, logical_id)
    _call(api.create_configuration, "CreateDeploymentConfig", {**properties, "DeploymentConfigName": name})
    return name, {}


def _update_configuration(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Provisioned:
    """Any change replaces it, as on AWS."""
    _delete_configuration(name, old)
    return _configuration(logical_id, new, stack)


def _delete_configuration(name: str, _properties: Properties) -> None:
    _refused(api.delete_configuration, {"deploymentConfigName": name})


def _named(stack: str, logical_id: str) -> str:
    return str(provisioners._physical_name(stack, logical_id, max_len=_NAME_LENGTH))


def _call(operation: Callable[[Body], Body], name: str, properties: Properties) -> None:
    _refused(operation, _typed(properties, _input(name)))


def _refused(operation: Callable[[Body], Body], request: Body) -> None:
    try:
        operation(request)
    except Refusal as refusal:
        raise ValueError(f"{refusal} ({refusal.code})") from None


@cache
def _input(operation: str) -> Any:
    model = botocore.session.get_session().get_service_model("codedeploy")
    return model.operation_model(operation).input_shape


def _typed(said: Any, shape: Shape) -> Any:
    """Properties as the API takes them: names as it spells them, texts of parameters in their type."""
    if isinstance(shape, StructureShape):
        typed: Body = {}
        for name, value in said.items():
            member = name if name in shape.members else name[:1].lower() + name[1:]
            if member not in shape.members:
                raise ValueError(f"{name} is not honoured on the local cloud")
            typed[member] = _typed(value, shape.members[member])
        return typed
    if isinstance(shape, ListShape):
        return [_typed(each, shape.member) for each in said]
    return _CONVERT.get(shape.type_name, str)(said)


def _handlers(create: Any, update: Any, delete: Any) -> dict[str, Any]:
    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


HANDLERS = {
    "AWS::CodeDeploy::Application": _handlers(_application, _update_application, _delete_application),
    "AWS::CodeDeploy::DeploymentGroup": _handlers(_group, _update_group, _delete_group),
    "AWS::CodeDeploy::DeploymentConfig": _handlers(
        _configuration, _update_configuration, _delete_configuration
    ),
}
