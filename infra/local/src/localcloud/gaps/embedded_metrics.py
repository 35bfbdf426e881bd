"""Metrics in the log become metrics in CloudWatch.

AWS: a log event in the embedded metric format is stored and, beside that, its metrics are
recorded with their dimensions, whether a function printed it or PutLogEvents brought it.
MiniStack: stores the log event.
Bridge: look at every event on its way into a log stream.
Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

from ministack.services import cloudwatch, cloudwatch_logs

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudwatch_logs:_append_log_events",
    "ministack.services.cloudwatch:record_metric",
)

_log = logging.getLogger("localcloud")


class Metric(NamedTuple):
    """One value of one metric under one set of dimensions."""

    namespace: str
    name: str
    value: float
    unit: str
    dimensions: dict[str, str]


def apply(_settings: Settings) -> None:
    """Record the metrics of every log event that is stored."""
    store = cloudwatch_logs._append_log_events

    def store_and_record(stream: Any, events: list[dict[str, Any]]) -> None:
        store(stream, events)
        for event in events:
            for metric in metrics(event.get("message", "")):
                cloudwatch.record_metric(*metric)

    cloudwatch_logs._append_log_events = store_and_record


def metrics(message: str) -> Iterator[Metric]:
    """Yield what an embedded-metric message records; nothing for any other message."""
    if '"_aws"' not in message or '"CloudWatchMetrics"' not in message:
        return
    try:
        document = json.loads(message[message.index("{") :])
        for directive in document["_aws"]["CloudWatchMetrics"]:
            yield from _directive(document, directive)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        _log.warning("embedded metrics not understood (%r): %.200s", error, message)


def _directive(document: dict[str, Any], directive: dict[str, Any]) -> Iterator[Metric]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = {name: str(document[name]) for name in names}
        for metric in directive["Metrics"]:
            found = document[metric["Name"]]
            for value in found if isinstance(found, list) else [found]:
                yield Metric(
                    directive["Namespace"],
                    metric["Name"],
                    float(value),
                    metric.get("Unit", "None"),
                    dimensions,
                )
