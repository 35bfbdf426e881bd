"""A REST API's resource policy may be part of its OpenAPI body, and concerns athletes' routes too.

AWS: ``x-amazon-apigateway-policy`` becomes the API's policy; an import without it takes the policy away. A
method with a Cognito authorizer answers a valid token only if the policy allows the call explicitly.
MiniStack: imports the paths and ignores the extension. It evaluates a policy for signed and for open methods,
not for those with a Cognito authorizer.
Bridge: keep the policy when the body is imported; ask it as for an open method once the token was found good.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.apigateway_v1:_import_rest_api",
    "ministack.services.apigateway_v1:_rest_apis",
    "ministack.services.apigateway_v1:_authorize_request_v1",
    "ministack.services.apigateway_v1:_anonymous_policy_error",
)

_EXTENSION = "x-amazon-apigateway-policy"


def apply(_settings: Settings) -> None:
    """Keep the policy, and ask it for signed-in callers as well."""
    import_paths = apigateway_v1._import_rest_api
    authorize = apigateway_v1._authorize_request_v1

    def import_with_policy(spec: dict[str, Any], *rest: Any) -> str:
        api = str(import_paths(spec, *rest))
        apigateway_v1._rest_apis[api]["policy"] = spec.get(_EXTENSION)
        return api

    async def authorize_by_policy_too(
        api: str, stage: str, method_obj: dict[str, Any], method: str, path: str, *rest: Any
    ) -> Any:
        refused, context = await authorize(api, stage, method_obj, method, path, *rest)
        if refused is None and method_obj.get("authorizationType") == "COGNITO_USER_POOLS":
            *_, account, region = rest
            refused = apigateway_v1._anonymous_policy_error(api, stage, method, path, account, region)
        return refused, context

    apigateway_v1._import_rest_api = import_with_policy
    apigateway_v1._authorize_request_v1 = authorize_by_policy_too
