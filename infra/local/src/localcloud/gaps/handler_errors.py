"""A function that fails says with which kind of error.

AWS: the answer of a failed call has `errorType`, the name of the exception's class, and `stackTrace`; a
state machine's Retry and Catch go by that name. A process that ends while it works is Runtime.ExitError.
MiniStack: calls every failure Runtime.HandlerError, without a trace.
Bridge: the worker hands name and trace over, and the server puts them in the answer.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT",
    "ministack.services.lambda_svc:_execute_function_warm",
)

_FAILED = '"error": str(e), "trace": traceback.format_exc()'
_PREFIX = "handler failed: ["
_EXPLAINED = (
    '"error": "handler failed: " + json.dumps('
    "[type(e).__name__, str(e), traceback.format_tb(e.__traceback__)[1:]])"
)
_ENDED = ("Worker process died", "Worker returned no response")


def apply(_settings: Settings) -> None:
    """Send more from the worker's script, and put it where the answer has it on AWS."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_FAILED) != 1:
        raise SystemExit(
            "MiniStack's Python worker reports a failed call in a way that gap handler_errors does not know"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_FAILED, _EXPLAINED)
    execute = lambda_svc._execute_function_warm

    def execute_and_name(function: dict[str, Any], event: Any, request_id: str) -> Any:
        result = execute(function, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict):
            result["body"] = _named(body, request_id)
        return result

    lambda_svc._execute_function_warm = execute_and_name


def _named(body: dict[str, Any], request_id: str) -> dict[str, Any]:
    said = str(body.get("errorMessage", ""))
    if said.startswith(_PREFIX):
        kind, message, trace = json.loads(said[len(_PREFIX) - 1 :])
        return {
            "errorMessage": message,
            "errorType": kind,
            "requestId": request_id,
            "stackTrace": trace,
        }
    if said in _ENDED:
        return {
            "errorMessage": f"RequestId: {request_id} Error: Runtime exited",
            "errorType": "Runtime.ExitError",
        }
    return body
