"""A function that cannot be imported says so in its log.

AWS: the call fails with Runtime.ImportModuleError, or with the type of what the module raised, and
the traceback is in the function's log.
MiniStack: the call fails with a RuntimeError of its own; the traceback is nowhere, so that an import
deep inside a package cannot be found.
Bridge: the worker hands its traceback over, and the server puts it in the log.
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

_FAILED = '_real_stdout.write(json.dumps({"status": "error", "error": str(e)}) + "\\n")'
_EXPLAINED = """_kind = type(e).__name__
        _kind = "Runtime.ImportModuleError" if isinstance(e, ImportError) else _kind
        _report = json.dumps([_kind, str(e), traceback.format_exc()])
        _real_stdout.write(json.dumps({"status": "error", "error": _report}) + "\\n")"""
_PREFIX = "Worker init failed: ["


def apply(_settings: Settings) -> None:
    """Send more from the worker's script, and take the answer to the call apart."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_FAILED) != 1:
        raise SystemExit(
            "MiniStack's Python worker reports a failed import in a way that gap import_errors does not know"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_FAILED, _EXPLAINED)
    execute = lambda_svc._execute_function_warm

    def execute_and_explain(function: dict[str, Any], event: Any, request_id: str) -> Any:
        result = execute(function, event, request_id)
        body = result.get("body")
        said = str(body.get("errorMessage", "")) if result.get("error") and isinstance(body, dict) else ""
        return _explained(function, said) if said.startswith(_PREFIX) else result

    lambda_svc._execute_function_warm = execute_and_explain


def _explained(function: dict[str, Any], said: str) -> dict[str, Any]:
    kind, reason, trace = json.loads(said[len(_PREFIX) - 1 :])
    handler = (function.get("config") or function).get("Handler", "")
    if kind == "Runtime.ImportModuleError":
        reason = f"Unable to import module '{handler.rpartition('.')[0]}': {reason}"
    return {
        "body": {"errorMessage": reason, "errorType": kind},
        "error": True,
        "log": f"[ERROR] {kind}: {reason}\n{trace}".rstrip(),
    }
