"""A function's reserved concurrency limits all of its versions and aliases together.

AWS: ReservedConcurrentExecutions of a template is set, and a call beyond it is throttled.
MiniStack: enforces what was set through the API for calls of $LATEST, drops the template's
property, and does not look it up for a call through an alias.
Bridge: set it from the template; look it up on the function whichever version is called.
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc

from localcloud import provisioning
from localcloud.gaps import Settings

TOUCHES = (
    *provisioning.TOUCHES,
    "ministack.services.lambda_svc:_functions",
    "ministack.services.lambda_svc:_reserved_concurrency",
)


def apply(_settings: Settings) -> None:
    """Set the limit with the function and find it for every version."""
    provisioning.after("AWS::Lambda::Function", _reserve)
    lookup = lambda_svc._reserved_concurrency

    def lookup_of_function(record: dict[str, Any], config: dict[str, Any]) -> int | None:
        function = lambda_svc._functions.get(config.get("FunctionName")) or record
        limit: int | None = lookup(function, config)
        return limit

    lambda_svc._reserved_concurrency = lookup_of_function


def _reserve(function: str, properties: provisioning.Properties) -> None:
    limit = properties.get("ReservedConcurrentExecutions")
    lambda_svc._functions[function]["concurrency"] = None if limit is None else int(limit)
