"""A template may limit how often one route of a REST API is called.

AWS: a stage's ``MethodSettings`` name a route by its path with each slash as ``~1``, behind a slash
(``/~1me~1exports``), and its ``ThrottlingRateLimit`` and ``ThrottlingBurstLimit`` count for it.
MiniStack: takes the name as it is and looks for the path, so that every route has the limits of all.
Bridge: read the name as a path.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-apigateway-stage-methodsetting.html
"""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings

TOUCHES = ("ministack.services.cloudformation.provisioners:_apigw_method_settings",)


def apply(_settings: Settings) -> None:
    """Read each name on the way into the stage's settings."""
    settings_of = provisioners._apigw_method_settings

    def by_path(given: Any) -> Any:
        return settings_of([_named(each) for each in given] if isinstance(given, list) else given)

    provisioners._apigw_method_settings = by_path


def _named(setting: Any) -> Any:
    """The setting with its route's path in the place of its name."""
    name = setting.get("ResourcePath", "") if isinstance(setting, dict) else ""
    if not name.startswith("/~1"):
        return setting
    return {**setting, "ResourcePath": name[1:].replace("~1", "/").replace("~0", "~")}
