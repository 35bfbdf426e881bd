"""An alias splits its invocations between two versions by weight.

AWS: an alias's ``RoutingConfig`` sends a share of its invocations to a second version, whoever calls: Invoke,
API Gateway, event sources, SNS, EventBridge, Step Functions. The answer names the version that ran, and the
function finds the alias it was called by in ``invoked_function_arn``.
MiniStack: keeps the weights and always runs the alias's first version; called by anything but Invoke, the
function sees the version's ARN.
Bridge: the ARN of the alias goes along with each invocation, and the version is drawn where it is executed.
https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

import random
from contextvars import ContextVar
from typing import Any

from ministack.services import lambda_svc

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.lambda_svc:_effective_func_record_for_qualifier",
    "ministack.services.lambda_svc:_execute_function",
    "ministack.services.lambda_svc:_func_arn",
    "ministack.services.lambda_svc:_function_config_scope_mismatch",
    "ministack.services.lambda_svc:_functions",
    "ministack.services.lambda_svc:_invoke",
    "ministack.services.lambda_svc:_run_with_function_config_scope",
)

Record = dict[str, Any]

_VERSION_HEADER = "X-Amz-Executed-Version"
# Where the execution of an Invoke leaves the version that it ran.
_executed: ContextVar[list[str] | None] = ContextVar("executed_version", default=None)


def apply(_settings: Settings) -> None:
    """Send the alias along, draw the version, and tell it."""
    _name_the_alias()
    execute, invoke = lambda_svc._execute_function, lambda_svc._invoke

    def draw_and_execute(function: Record, event: Any) -> Any:
        config = function.get("config") or function
        if lambda_svc._function_config_scope_mismatch(config):
            return lambda_svc._run_with_function_config_scope(config, draw_and_execute, function, event)
        drawn = _drawn(function, config)
        if (told := _executed.get()) is not None:
            told.append(drawn["config"]["Version"] if "config" in drawn else drawn["Version"])
        return execute(drawn, event)

    async def invoke_and_tell(*request: Any, **options: Any) -> Any:
        told: list[str] = []
        token = _executed.set(told)
        try:
            status, headers, body = await invoke(*request, **options)
        finally:
            _executed.reset(token)
        if told and _VERSION_HEADER in headers:
            headers = {**headers, _VERSION_HEADER: told[0]}
        return status, headers, body

    lambda_svc._execute_function = draw_and_execute
    lambda_svc._invoke = invoke_and_tell


def _name_the_alias() -> None:
    """What is looked up by an alias carries the alias's ARN."""
    look_up = lambda_svc._effective_func_record_for_qualifier

    def look_up_and_name(function: Record | None, qualifier: str | None) -> Any:
        record, config = look_up(function, qualifier)
        if function is None or record is None or qualifier not in function.get("aliases", {}):
            return record, config
        name = function["config"]["FunctionName"]
        called = {**config, "FunctionArn": f"{lambda_svc._func_arn(name)}:{qualifier}"}
        return {**record, "config": called}, called

    lambda_svc._effective_func_record_for_qualifier = look_up_and_name


def _drawn(record: Record, config: Record) -> Record:
    """The record to execute: another version's where the alias's weights say so."""
    parts = str(config.get("FunctionArn", "")).split(":")
    function: Record = (len(parts) == 8 and lambda_svc._functions.get(config.get("FunctionName"))) or {}
    alias = function.get("aliases", {}).get(parts[-1]) or {}
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    point = random.random()  # noqa: S311 - a share of traffic, not a secret
    for version, weight in weights.items():
        point -= float(weight)
        if point < 0:
            other = function["versions"].get(str(version))
            if other is None:
                return record
            return {**other, "config": {**other["config"], "FunctionArn": config["FunctionArn"]}}
    return record
