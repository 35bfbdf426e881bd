"""A REST API keeps its id, and so its address, when its OpenAPI body changes.

AWS: CloudFormation imports the new body over the old one (PutRestApi with mode overwrite).
MiniStack: can only import a body as a new API, so that each change of a route moves the API to
another address, and exports that name it change under whoever imports them.
Bridge: import the body as a new API, move what came of it under the old id, drop the new one.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings
from localcloud.provisioning import Properties, Provisioned

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.apigateway_v1:_rest_apis",
    "ministack.services.apigateway_v1:_resources",
    "ministack.services.apigateway_v1:_authorizers_v1",
    "ministack.services.apigateway_v1:_models",
    "ministack.services.apigateway_v1:_gateway_responses",
    "ministack.services.apigateway_v1:_delete_rest_api",
)

_OWN = ("id", "createdDate")


def apply(_settings: Settings) -> None:
    """Replace the body in place; whatever else changed is left to MiniStack's own update."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    create, update = handlers["create"], handlers["update"]

    def update_in_place(api: str, old: Properties, new: Properties, stack: str, *rest: Any) -> Provisioned:
        if new.get("Body") != old.get("Body") and new.get("Body") and api in apigateway_v1._rest_apis:
            logical_id = rest[0] if rest else api
            _overwrite(api, create(logical_id, new, stack)[0])
            old = {**old, "Body": new["Body"]}
        updated: Provisioned = update(api, old, new, stack, *rest)
        return updated

    handlers["update"] = update_in_place


def _overwrite(api: str, imported: str) -> None:
    for parts in (
        apigateway_v1._resources,
        apigateway_v1._authorizers_v1,
        apigateway_v1._models,
        apigateway_v1._gateway_responses,
    ):
        parts[api] = parts[imported]
    described = apigateway_v1._rest_apis[imported]
    apigateway_v1._rest_apis[api].update({name: described[name] for name in described if name not in _OWN})
    apigateway_v1._delete_rest_api(imported)
