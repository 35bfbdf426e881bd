"""What a state machine's tasks send arrives whole, and their failures have the names that AWS gives them.

AWS: `sns:publish` sends the message's attributes; a call that Lambda throttles fails as
Lambda.TooManyRequestsException, which a Retry can name.
MiniStack: reads attributes only as the query protocol spells them, so that a task's are lost and no filter
policy lets its message through; a throttled call fails as Lambda.Unknown.
Bridge: attributes are spelled as MiniStack reads them, and a throttled call fails under its name.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import stepfunctions

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.stepfunctions:_ExecutionError",
    "ministack.services.stepfunctions:_SERVICE_DISPATCH",
    "ministack.services.stepfunctions:_call_lambda",
)
_PUBLISH = "arn:aws:states:::sns:publish"
_THROTTLED = "TooManyRequestsException"
Parameters = dict[str, Any]


def apply(_settings: Settings) -> None:
    """Go between a task and what it calls."""
    publish = stepfunctions._SERVICE_DISPATCH[_PUBLISH]
    stepfunctions._SERVICE_DISPATCH[_PUBLISH] = lambda resource, given: publish(resource, _spelled(given))
    call = stepfunctions._call_lambda

    def call_and_name(function: str, event: Any) -> Any:
        try:
            return call(function, event)
        except stepfunctions._ExecutionError as failed:
            if not _throttled(failed.cause):
                raise
            raise stepfunctions._ExecutionError(f"Lambda.{_THROTTLED}", failed.cause) from failed

    stepfunctions._call_lambda = call_and_name


def _spelled(given: Parameters) -> Parameters:
    """Parameters of Publish with their attributes beside each other, as the query protocol has them."""
    spelled = {name: value for name, value in given.items() if name != "MessageAttributes"}
    for number, (name, attribute) in enumerate((given.get("MessageAttributes") or {}).items(), 1):
        prefix = f"MessageAttributes.entry.{number}"
        spelled[f"{prefix}.Name"] = name
        for part, value in attribute.items():
            spelled[f"{prefix}.Value.{part}"] = value
    return spelled


def _throttled(cause: str) -> bool:
    """Whether a failed call's cause is that of Lambda's refusal."""
    return f'"__type": "{_THROTTLED}"' in cause and json.loads(cause).get("__type") == _THROTTLED
