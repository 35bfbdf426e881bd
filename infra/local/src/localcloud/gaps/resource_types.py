"""CloudFormation knows the resource types that our templates use and MiniStack's provisioner lacks.

AWS: provisions them.
MiniStack: refuses a template that names one ("Unrecognized resource types").
Bridge: an explicit list. Where MiniStack has the API, the resource is made through it; what has no
meaning on a laptop (scaling of capacity that is not metered, logs of packets that nobody sends) is
recorded in the stack and in the log, and has no effect. Any type that is in neither list stays an error.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import athena, budgets, eventbridge, waf
from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings
from localcloud.provisioning import Properties, Provisioned, call

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_physical_name",
    "ministack.services.eventbridge:_create_archive",
    "ministack.services.eventbridge:_update_archive",
    "ministack.services.eventbridge:_delete_archive",
    "ministack.services.athena:_create_named_query",
    "ministack.services.athena:_delete_named_query",
    "ministack.services.budgets:_create_budget",
    "ministack.services.budgets:_delete_budget",
    "ministack.services.waf:_associate_web_acl",
    "ministack.services.waf:_disassociate_web_acl",
)

_log = logging.getLogger("localcloud")


def apply(_settings: Settings) -> None:
    """Register the types; a type that MiniStack provisions itself one day is left to it."""
    for name, handlers in {**_MADE, **_RECORDED}.items():
        provisioners._RESOURCE_HANDLERS.setdefault(name, handlers)


# AWS::Events::Archive


def _archive_request(name: str, properties: Properties) -> Properties:
    pattern = properties.get("EventPattern", "")
    return {
        "ArchiveName": name,
        "EventSourceArn": properties["SourceArn"],
        "Description": properties.get("Description", ""),
        "EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern),
        "RetentionDays": int(properties.get("RetentionDays", 0)),
        "KmsKeyIdentifier": properties.get("KmsKeyIdentifier", ""),
    }


def _archive_attributes(name: str) -> dict[str, str]:
    return {"Arn": f"arn:aws:events:{get_region()}:{get_account_id()}:archive/{name}"}


def _create_archive(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("ArchiveName") or provisioners._physical_name(stack, logical_id, max_len=48)
    call(eventbridge._create_archive, _archive_request(name, properties))
    return name, _archive_attributes(name)


def _update_archive(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    if any(old.get(fixed) != new.get(fixed) for fixed in ("ArchiveName", "SourceArn")):
        _delete_archive(name, old)
        return _create_archive(logical_id, new, stack)
    call(eventbridge._update_archive, _archive_request(name, new))
    return name, _archive_attributes(name)


def _delete_archive(name: str, _properties: Properties) -> None:
    call(eventbridge._delete_archive, {"ArchiveName": name})


# AWS::Budgets::Budget


def _create_budget(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    budget = dict(properties["Budget"])
    name = budget.setdefault("BudgetName", provisioners._physical_name(stack, logical_id, max_len=100))
    if "BudgetLimit" in budget:
        budget["BudgetLimit"] = {**budget["BudgetLimit"], "Amount": str(budget["BudgetLimit"]["Amount"])}
    subscribed = properties.get("NotificationsWithSubscribers", [])
    call(budgets._create_budget, {"Budget": budget, "NotificationsWithSubscribers": subscribed})
    return name, {}


def _update_budget(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    _delete_budget(name, old)
    return _create_budget(logical_id, new, stack)


def _delete_budget(name: str, _properties: Properties) -> None:
    call(budgets._delete_budget, {"BudgetName": name})


# AWS::Athena::NamedQuery: any change replaces it, as on AWS


def _create_named_query(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    made = json.loads(call(athena._create_named_query, properties))["NamedQueryId"]
    return made, {"NamedQueryId": made}


def _update_named_query(
    query_id: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Provisioned:
    _delete_named_query(query_id, old)
    return _create_named_query(logical_id, new, stack)


def _delete_named_query(query_id: str, _properties: Properties) -> None:
    call(athena._delete_named_query, {"NamedQueryId": query_id})


# AWS::WAFv2::WebACLAssociation: MiniStack keeps it and asks no web ACL. Any change replaces it, as on AWS


def _associate_web_acl(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    call(waf._associate_web_acl, properties)
    return f"{properties['ResourceArn']}|{properties['WebACLArn']}", {}


def _reassociate_web_acl(_id: str, old: Properties, new: Properties, stack: str, name: str) -> Provisioned:
    _disassociate_web_acl(_id, old)
    return _associate_web_acl(name, new, stack)


def _disassociate_web_acl(_id: str, properties: Properties) -> None:
    call(waf._disassociate_web_acl, properties)


# AWS::WAFv2::LoggingConfiguration: what no web ACL decides, it cannot log


def _web_acl_log(properties: Properties) -> Provisioned:
    return properties["ResourceArn"], {"ManagedByFirewallManager": "false"}


# AWS::ApplicationAutoScaling: MiniStack has no such service and does not meter capacity


def _scalable_target(properties: Properties) -> Provisioned:
    resource, dimension, namespace = (
        properties[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace")
    )
    if int(properties["MinCapacity"]) > int(properties["MaxCapacity"]):
        raise ValueError("MinCapacity of a scalable target is above its MaxCapacity")
    return f"{resource}|{dimension}|{namespace}", {}


def _scaling_policy(properties: Properties) -> Provisioned:
    where = f"{get_region()}:{get_account_id()}"
    arn = f"arn:aws:autoscaling:{where}:scalingPolicy:local:{properties['PolicyName']}"
    return arn, {"Arn": arn}


# AWS::EC2::FlowLog: containers are processes here, and no packet of theirs passes a VPC


def _flow_log(properties: Properties) -> Provisioned:
    digest = hashlib.sha256(properties["ResourceId"].encode()).hexdigest()
    return f"fl-{digest[:17]}", {"Id": f"fl-{digest[:17]}"}


def _recorded(type_name: str, describe: Callable[[Properties], Provisioned]) -> dict[str, Any]:
    def create(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        _log.warning(
            "%s %s of %s is recorded and has no effect here: %s", type_name, logical_id, stack, properties
        )
        return describe(properties)

    def update(
        _physical_id: str, _old: Properties, new: Properties, stack: str, logical_id: str
    ) -> Provisioned:
        return create(logical_id, new, stack)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": _nothing_to_delete}


def _nothing_to_delete(_physical_id: str, _properties: Properties) -> None:
    return None


_MADE: dict[str, dict[str, Any]] = {
    "AWS::Events::Archive": {
        "create": _create_archive,
        "update": _update_archive,
        "update_with_logical_id": True,
        "delete": _delete_archive,
    },
    "AWS::Athena::NamedQuery": {
        "create": _create_named_query,
        "update": _update_named_query,
        "update_with_logical_id": True,
        "delete": _delete_named_query,
    },
    "AWS::WAFv2::WebACLAssociation": {
        "create": _associate_web_acl,
        "update": _reassociate_web_acl,
        "update_with_logical_id": True,
        "delete": _disassociate_web_acl,
    },
    "AWS::Budgets::Budget": {
        "create": _create_budget,
        "update": _update_budget,
        "update_with_logical_id": True,
        "delete": _delete_budget,
    },
}
_RECORDED: dict[str, dict[str, Any]] = {
    name: _recorded(name, describe)
    for name, describe in {
        "AWS::ApplicationAutoScaling::ScalableTarget": _scalable_target,
        "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
        "AWS::EC2::FlowLog": _flow_log,
        "AWS::WAFv2::LoggingConfiguration": _web_acl_log,
    }.items()
}
