"""A log group's metric filters count what comes into it.

AWS: each event that matches a filter's pattern gives its metrics a value; where events come and none
matches, the default value is given. FilterLogEvents understands the same patterns.
MiniStack: keeps the filters and counts nothing; FilterLogEvents takes a JSON pattern for "everything".
Bridge: look at every event on its way into a group. A pattern that is not understood here is refused when
the filter is made, so that none counts wrongly.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs

from localcloud import filter_patterns
from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudwatch:record_metric",
    "ministack.services.cloudwatch_logs:_compile_filter_pattern",
    "ministack.services.cloudwatch_logs:_fanout_to_subscription_filters",
    "ministack.services.cloudwatch_logs:_metric_filters",
    "ministack.services.cloudwatch_logs:_put_metric_filter",
    "ministack.services.cloudwatch_logs:error_response_json",
)

_DEFAULT_EVERY_SECONDS = 60.0

_log = logging.getLogger("localcloud")
_defaults_at: dict[tuple[str, ...], float] = {}


def apply(_settings: Settings) -> None:
    """Count in every group; refuse patterns that would not be understood."""
    put, fan_out = cloudwatch_logs._put_metric_filter, cloudwatch_logs._fanout_to_subscription_filters
    any_matcher = cloudwatch_logs._compile_filter_pattern

    def put_if_understood(request: dict[str, Any]) -> Any:
        try:
            filter_patterns.matcher(request.get("filterPattern", ""))
        except ValueError as error:
            return cloudwatch_logs.error_response_json("InvalidParameterException", str(error), 400)
        return put(request)

    def count_and_fan_out(group: str, stream: str, events: list[dict[str, Any]]) -> None:
        fan_out(group, stream, events)
        for (of, name), found in cloudwatch_logs._metric_filters.items():
            if of == group:
                _count(found, (group, name), [event.get("message", "") for event in events])

    def json_matcher(pattern: str) -> Any:
        if (pattern or "").lstrip().startswith("{"):
            return filter_patterns.matcher(pattern)
        return any_matcher(pattern)

    cloudwatch_logs._put_metric_filter = put_if_understood
    cloudwatch_logs._fanout_to_subscription_filters = count_and_fan_out
    cloudwatch_logs._compile_filter_pattern = json_matcher


def _count(found: dict[str, Any], key: tuple[str, str], messages: list[str]) -> None:
    matches = filter_patterns.matcher(found["filterPattern"])
    matching = [message for message in messages if matches(message)]
    for transformation in found["metricTransformations"]:
        for value, dimensions in _values(transformation, key, matching):
            cloudwatch.record_metric(
                transformation["metricNamespace"],
                transformation["metricName"],
                value,
                transformation.get("unit", "None"),
                dimensions,
            )


def _values(
    transformation: dict[str, Any], key: tuple[str, str], matching: list[str]
) -> Iterator[tuple[float, dict[str, str]]]:
    text = str(transformation["metricValue"])
    for message in matching:
        try:
            document = json.loads(message) if message.lstrip().startswith("{") else {}
            value = filter_patterns.selected(document, text) if text.startswith("$") else text
            said = {
                name: str(filter_patterns.selected(document, selector))
                for name, selector in (transformation.get("dimensions") or {}).items()
            }
            yield float(value), said
        except (LookupError, TypeError, ValueError) as error:
            _log.debug("filter %s gives no value: %r", key, error)
    if not matching and transformation.get("defaultValue") is not None:
        now = time.monotonic()
        metric = (*key, transformation["metricName"])
        if now - _defaults_at.get(metric, float("-inf")) >= _DEFAULT_EVERY_SECONDS:
            _defaults_at[metric] = now
            yield float(transformation["defaultValue"]), {}
