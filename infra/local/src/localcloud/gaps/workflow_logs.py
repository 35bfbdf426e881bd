"""What happens in a state machine's executions is in its log group.

AWS: `LoggingConfiguration` names a log group and a level; each event of that level is a line of JSON there,
with the execution's ARN, the event's type, number, time and, with `IncludeExecutionData`, its data.
MiniStack: keeps the configuration and logs nothing.
Bridge: each event goes to the log group when it joins the execution's history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ministack.services import cloudwatch_logs, stepfunctions

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudwatch_logs:_create_log_stream",
    "ministack.services.cloudwatch_logs:_put_log_events",
    "ministack.services.stepfunctions:_add_event",
    "ministack.services.stepfunctions:_state_machines",
)
_FATAL = ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")
_ERRORS = ("Failed", "TimedOut", "Aborted")
_DATA = ("input", "output", "cause", "error", "parameters")


def apply(_settings: Settings) -> None:
    """Log each event that is added to a history."""
    add = stepfunctions._add_event

    def add_and_log(execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> Any:
        event = add(execution, kind, details)
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
        logging = _lower(machine.get("loggingConfiguration") or {})
        if _wanted(kind, logging.get("level", "OFF")):
            _log(execution, machine["name"], event, logging)
        return event

    stepfunctions._add_event = add_and_log


def _lower(value: Any) -> Any:
    """A configuration by the API's names; a template spells them with a capital."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower(inner) for name, inner in value.items()}
    return [_lower(inner) for inner in value] if isinstance(value, list) else value


def _wanted(kind: str, level: str) -> bool:
    match level:
        case "ALL":
            return True
        case "ERROR":
            return kind.endswith(_ERRORS)
        case "FATAL":
            return kind in _FATAL
        case _:
            return False


def _log(execution: Mapping[str, Any], machine: str, event: Mapping[str, Any], logging: Any) -> None:
    (destination,) = logging["destinations"]
    group = (
        destination["cloudWatchLogsLogGroup"]["logGroupArn"].removesuffix(":*").partition(":log-group:")[2]
    )
    at = datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
    stream = f"states/{machine}/{at:%Y-%m-%d-%H-%M}/localcloud"
    line = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": _details(event, with_data=str(logging.get("includeExecutionData")).lower() == "true"),
        "previous_event_id": str(event["id"] - 1),
        "event_timestamp": str(int(at.timestamp() * 1000)),
        "execution_arn": execution["executionArn"],
    }
    stored = {"timestamp": int(at.timestamp() * 1000), "message": json.dumps(line)}
    cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": [stored]})


def _details(event: Mapping[str, Any], *, with_data: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in event.items():
        if name.endswith("EventDetails"):
            said |= value
    return {name: value for name, value in said.items() if with_data or name not in _DATA}
