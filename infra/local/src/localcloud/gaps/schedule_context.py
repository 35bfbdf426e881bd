"""A schedule's input says when it was due.

AWS: EventBridge Scheduler replaces ``<aws.scheduler.scheduled-time>``, ``<aws.scheduler.schedule-arn>``,
``<aws.scheduler.execution-id>`` and ``<aws.scheduler.attempt-number>`` in a target's input.
MiniStack: hands the input on as it is written.
Bridge: replace them on the way to the target. The time is the one that the expression names, not the
moment at which the server came to it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.services import eventbridge, scheduler

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.eventbridge:_invoke_target",
    "ministack.services.eventbridge:_parse_rate_seconds",
    "ministack.services.scheduler:_at_time_epoch",
    "ministack.services.scheduler:_tick_schedules",
)

_KEYWORD = re.compile(r"<aws\.scheduler\.([a-z-]+)>")
_MINUTE = 60


def apply(_settings: Settings) -> None:
    """Fill in the keywords whenever a schedule, and not a rule, invokes its target."""
    invoke = eventbridge._invoke_target

    def invoke_with_context(target: dict[str, Any], event: dict[str, Any], rule: Any, *rest: Any) -> Any:
        if event.get("Source") == "aws.scheduler" and "<aws.scheduler." in str(target.get("Input", "")):
            target = {**target, "Input": filled(target["Input"], rule, event["Time"])}
        return invoke(target, event, rule, *rest)

    eventbridge._invoke_target = invoke_with_context


def filled(text: str, schedule: Mapping[str, Any], fired: float) -> str:
    """``text`` with its keywords replaced, for a schedule that the server came to at ``fired`` (epoch)."""
    values = {
        "scheduled-time": _time_text(due(schedule, fired)),
        "schedule-arn": str(schedule.get("Arn", "")),
        "execution-id": secrets.token_hex(8),
        "attempt-number": "1",
    }
    return _KEYWORD.sub(lambda found: values.get(found[1], found[0]), text)


def due(schedule: Mapping[str, Any], fired: float) -> float:
    """When the schedule was due (epoch): cron names minutes, a rate counts from the schedule's creation."""
    expression = schedule.get("ScheduleExpression", "")
    at = scheduler._at_time_epoch(expression)
    if at is not None:
        return float(at)
    interval: float | None = eventbridge._parse_rate_seconds(expression)
    if interval is not None:
        since = float(schedule.get("CreationDate", fired))
        return since + (fired - since) // interval * interval
    return fired // _MINUTE * _MINUTE


def _time_text(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
