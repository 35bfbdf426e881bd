"""Connections to repositories: the service ``codeconnections`` (inside the server).

A connection leads to the repositories in this local cloud's folder ``repositories``, whatever its provider
type says. It is AVAILABLE at once; on AWS it is PENDING until somebody has signed in to the provider in the
console, and until then no pipeline can use it.
"""

from __future__ import annotations

import uuid
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from localcloud import pushes
from localcloud.provisioning import Properties, Provisioned
from localcloud.services import Body, Refusal, Service

TYPE = "AWS::CodeConnections::Connection"

_connections = AccountRegionScopedDict()
_PAGE = 100
_KNOWN = frozenset({"ConnectionName", "ProviderType", "Tags"})
_FIXED = ("ConnectionName", "ProviderType")


def find(arn: str) -> Body:
    """The connection with this ARN; Refusal where there is none."""
    known = {each["ConnectionArn"]: each for _key, each in _connections.all_items()}
    found: Body | None = known.get(arn)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"there is no connection {arn}")
    return found


def _create(request: Body) -> Body:
    if "HostArn" in request:
        raise Refusal("ResourceNotFoundException", "hosts of installed providers are not on the local cloud")
    if "ProviderType" not in request:
        raise Refusal("ValidationException", "a connection names its ProviderType")
    arn = f"arn:aws:codeconnections:{get_region()}:{get_account_id()}:connection/{uuid.uuid4()}"
    _connections[arn] = {
        "ConnectionName": request["ConnectionName"],
        "ConnectionArn": arn,
        "ProviderType": request["ProviderType"],
        "OwnerAccountId": get_account_id(),
        "ConnectionStatus": "AVAILABLE",
        "tags": {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])},
    }
    return {"ConnectionArn": arn, "Tags": _tags(arn)}


def _get(request: Body) -> Body:
    return {"Connection": _shown(find(request["ConnectionArn"]))}


def _list(request: Body) -> Body:
    wanted = request.get("ProviderTypeFilter")
    found = [_shown(each) for each in _connections.values() if wanted in (None, each["ProviderType"])]
    begin = _begin(request.get("NextToken", "0"))
    end = begin + (request.get("MaxResults") or _PAGE)
    return {"Connections": found[begin:end]} | ({"NextToken": str(end)} if end < len(found) else {})


def _begin(token: str) -> int:
    if not token.isdecimal():
        raise Refusal("ValidationException", "NextToken is none that this service gave")
    return int(token)


def _delete(request: Body) -> Body:
    find(request["ConnectionArn"])
    _connections.pop(request["ConnectionArn"])
    return {}


def _tag(request: Body) -> Body:
    find(request["ResourceArn"])["tags"].update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
    return {}


def _untag(request: Body) -> Body:
    tags = find(request["ResourceArn"])["tags"]
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


def _list_tags(request: Body) -> Body:
    return {"Tags": _tags(request["ResourceArn"])}


def _tags(arn: str) -> list[Body]:
    return [{"Key": key, "Value": value} for key, value in find(arn)["tags"].items()]


def _shown(connection: Body) -> Body:
    return {key: value for key, value in connection.items() if key != "tags"}


def _resource(_operation: str, request: Body) -> str:
    return str(request.get("ConnectionArn") or request.get("ResourceArn") or "*")


def _save() -> Any:
    return {"connections": _connections, "taken": pushes.taken()}


def _load(state: Any) -> None:
    if state:
        _connections.update(state["connections"])
        pushes.restore(state["taken"])


def _reset() -> None:
    _connections.clear()
    pushes.forget()


SERVICE = Service(
    model="codeconnections",
    operations={
        "CreateConnection": _create,
        "DeleteConnection": _delete,
        "GetConnection": _get,
        "ListConnections": _list,
        "ListTagsForResource": _list_tags,
        "TagResource": _tag,
        "UntagResource": _untag,
    },
    resource=_resource,
    save=_save,
    load=_load,
    reset=_reset,
)


def _provision(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    unknown = sorted(set(properties) - _KNOWN)
    if unknown:
        raise ValueError(f"{', '.join(unknown)} of {TYPE} is not there on the local cloud")
    try:
        arn = _create(dict(properties))["ConnectionArn"]
    except Refusal as refusal:
        raise ValueError(str(refusal)) from None
    return arn, _attributes(arn)


def _update(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    """Change the tags; anything else makes another connection, and CloudFormation deletes this one."""
    if set(new) - _KNOWN or any(old.get(key) != new.get(key) for key in _FIXED):
        return _provision(logical_id, new, stack)
    find(arn)["tags"] = {tag["Key"]: tag["Value"] for tag in new.get("Tags", [])}
    return arn, _attributes(arn)


def _remove(arn: str, _properties: Properties) -> None:
    _connections.pop(arn, None)


def _attributes(arn: str) -> dict[str, str]:
    connection = find(arn)
    return {key: connection[key] for key in ("ConnectionArn", "ConnectionStatus", "OwnerAccountId")}


HANDLERS = {"create": _provision, "update": _update, "update_with_logical_id": True, "delete": _remove}
