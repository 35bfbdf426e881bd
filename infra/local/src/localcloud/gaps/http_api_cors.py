"""An HTTP API's CORS configuration works when a template says it.

AWS: answers preflights by it and adds its headers to every answer.
MiniStack: does so too, but CloudFormation stores the configuration under the template's names
(``AllowOrigins``), while the answers look for the API's (``allowOrigins``): every preflight is refused.
Bridge: store it under the API's names.
"""

from __future__ import annotations

from ministack.services import apigateway

from localcloud.gaps import Settings
from localcloud.provisioning import Properties, after

TOUCHES = ("ministack.services.apigateway:_apis",)


def apply(_settings: Settings) -> None:
    """Rename the settings each time an API was made or changed."""
    after("AWS::ApiGatewayV2::Api", _rename)


def _rename(api: str, properties: Properties) -> None:
    configuration = properties.get("CorsConfiguration")
    if configuration:
        apigateway._apis[api]["corsConfiguration"] = {
            name[0].lower() + name[1:]: value for name, value in configuration.items()
        }
