"""An OpenAPI body may say what API Gateway itself answers when it refuses a request.

AWS: ``x-amazon-apigateway-gateway-responses`` (SAM's GatewayResponses become that) is part of the
imported API and of its deployment.
MiniStack: imports the paths and ignores the extension; a separate GatewayResponse resource comes
after the deployment and so has no effect before the next one.
Bridge: put the extension's responses when the body is imported.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

from localcloud.gaps import Settings
from localcloud.provisioning import call

TOUCHES = (
    "ministack.services.apigateway_v1:_import_rest_api",
    "ministack.services.apigateway_v1:_put_gateway_response",
)

_EXTENSION = "x-amazon-apigateway-gateway-responses"


def apply(_settings: Settings) -> None:
    """Import the extension after the paths."""
    import_paths = apigateway_v1._import_rest_api

    def import_all(spec: dict[str, Any], *rest: Any) -> str:
        api = str(import_paths(spec, *rest))
        for response_type, response in (spec.get(_EXTENSION) or {}).items():
            call(_putting(api, response_type), _with_text_status(response))
        return api

    apigateway_v1._import_rest_api = import_all


def _with_text_status(response: dict[str, Any]) -> dict[str, Any]:
    """A status is a number in OpenAPI and text in the API."""
    return {**response, "statusCode": str(response["statusCode"])} if "statusCode" in response else response


def _putting(api: str, response_type: str) -> Any:
    def put_gateway_response(response: dict[str, Any]) -> Any:
        return apigateway_v1._put_gateway_response(api, response_type, response)

    return put_gateway_response
