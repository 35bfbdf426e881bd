"""An OpenAPI body may say what API Gateway itself answers when it refuses a request.

AWS: ``x-amazon-apigateway-gateway-responses`` (SAM's GatewayResponses become that) is part of the
imported API and of its deployment.
MiniStack: imports the paths and ignores the extension; a separate GatewayResponse resource comes
after the deployment and so has no effect before the next one. Who signs but is not allowed is
refused by MiniStack's IAM, in its own words.
Bridge: put the extension's responses when the body is imported; give IAM's refusal of a REST API's
method to the response ACCESS_DENIED.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import apigateway_v1

from localcloud.gaps import Settings
from localcloud.provisioning import call

TOUCHES = (
    "ministack.services.apigateway_v1:_import_rest_api",
    "ministack.services.apigateway_v1:_put_gateway_response",
    "ministack.services.apigateway_v1:_AUTHENTICATION_GATEWAY_ERRORS",
    "ministack.services.apigateway_v1:find_api_scope",
    "ministack.core.iam_evaluator:enforce",
    "ministack.core.iam_evaluator:EvalResult",
    "ministack.core.iam_evaluator:AuthError",
)

_DENIED = "AccessDeniedException"
_EXTENSION = "x-amazon-apigateway-gateway-responses"


def apply(_settings: Settings) -> None:
    """Import the extension after the paths, and word refusals of IAM by it."""
    _word_denials()
    import_paths = apigateway_v1._import_rest_api

    def import_all(spec: dict[str, Any], *rest: Any) -> str:
        api = str(import_paths(spec, *rest))
        for response_type, response in (spec.get(_EXTENSION) or {}).items():
            call(_putting(api, response_type), _with_text_status(response))
        return api

    apigateway_v1._import_rest_api = import_all


def _word_denials() -> None:
    apigateway_v1._AUTHENTICATION_GATEWAY_ERRORS[_DENIED] = ("ACCESS_DENIED", _DENIED)
    enforce = iam_evaluator.enforce

    def enforce_and_word(
        key: str, action: str, service: str, region: str, resource_arn: str = "*", **rest: Any
    ) -> Any:
        refused = enforce(key, action, service, region, resource_arn, **rest)
        api = resource_arn.split(":", 5)[-1].partition("/")[0]
        if (
            action == "execute-api:Invoke"
            and isinstance(refused, iam_evaluator.EvalResult)
            and apigateway_v1.find_api_scope(api) is not None
        ):
            who = f"User: {refused.principal_arn} is not authorized to perform: {action}"
            return iam_evaluator.AuthError(_DENIED, f"{who} on resource: {resource_arn}")
        return refused

    iam_evaluator.enforce = enforce_and_word


def _with_text_status(response: dict[str, Any]) -> dict[str, Any]:
    """A status is a number in OpenAPI and text in the API."""
    return {**response, "statusCode": str(response["statusCode"])} if "statusCode" in response else response


def _putting(api: str, response_type: str) -> Any:
    def put_gateway_response(response: dict[str, Any]) -> Any:
        return apigateway_v1._put_gateway_response(api, response_type, response)

    return put_gateway_response
