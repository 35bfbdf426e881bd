"""Functions report each invocation, by function, by alias and by version.

AWS: Invocations, Errors, Throttles and Duration, whoever calls, under three sets of dimensions: FunctionName;
FunctionName and Resource (``name``, ``name:live`` or ``name:3``, as it was called); for a call through an
alias also with ExecutedVersion, so that the two versions of a weighted alias can be told apart. A throttled
call is no invocation.
MiniStack: reports direct calls only, and under FunctionName only.
Bridge: note each execution, in place of MiniStack's own report.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from ministack.services import lambda_svc

from localcloud import metrics
from localcloud.gaps import Settings

TOUCHES = (
    *metrics.TOUCHES,
    "ministack.services.lambda_svc:_emit_lambda_metrics",
    "ministack.services.lambda_svc:_execute_function",
    "ministack.services.lambda_svc:_function_config_scope_mismatch",
    "ministack.services.lambda_svc:_run_with_function_config_scope",
)

_NAMESPACE = "AWS/Lambda"


class Execution(NamedTuple):
    """What is noted of an execution."""

    function: str
    qualifier: str
    version: str
    error: bool
    throttled: bool
    milliseconds: float


def apply(settings: Settings) -> None:
    """Note what comes of each execution; of those that MiniStack reports itself as well."""
    notes = metrics.Notes(samples, settings.minute)
    execute = lambda_svc._execute_function
    lambda_svc._emit_lambda_metrics = _not_again

    def execute_and_note(function: dict[str, Any], event: Any) -> Any:
        config = function.get("config") or function
        if lambda_svc._function_config_scope_mismatch(config):
            return lambda_svc._run_with_function_config_scope(config, execute_and_note, function, event)
        began = time.monotonic()
        result = execute(function, event)
        spent = (time.monotonic() - began) * 1000
        parts = str(config.get("FunctionArn", "")).split(":")
        notes.add(
            Execution(
                str(config.get("FunctionName", "")),
                parts[7] if len(parts) == 8 else "",
                str(config.get("Version", "$LATEST")),
                bool(result.get("error")),
                bool(result.get("throttle")),
                metrics.rounded(spent),
            )
        )
        return result

    lambda_svc._execute_function = execute_and_note


def samples(execution: Execution) -> Iterator[metrics.Sample]:
    """What an execution adds to which metrics."""
    for dimensions in _dimensions(execution):
        yield metrics.Sample(_NAMESPACE, "Throttles", "Count", float(execution.throttled), dimensions)
        if execution.throttled:
            continue
        yield metrics.Sample(_NAMESPACE, "Invocations", "Count", 1.0, dimensions)
        yield metrics.Sample(_NAMESPACE, "Errors", "Count", float(execution.error), dimensions)
        yield metrics.Sample(_NAMESPACE, "Duration", "Milliseconds", execution.milliseconds, dimensions)


def _dimensions(execution: Execution) -> Iterator[metrics.Dimensions]:
    function = ("FunctionName", execution.function)
    called = f"{execution.function}:{execution.qualifier}" if execution.qualifier else execution.function
    yield (function,)
    yield function, ("Resource", called)
    by_alias = execution.qualifier and execution.qualifier != "$LATEST" and not execution.qualifier.isdigit()
    if by_alias:
        yield ("ExecutedVersion", execution.version), function, ("Resource", called)


def _not_again(*_report: Any, **_details: Any) -> None:
    return None
