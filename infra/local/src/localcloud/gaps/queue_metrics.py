"""A queue that an alarm watches reports how many messages it holds.

AWS: SQS reports the numbers of an active queue once a minute, for six hours after it was last used.
MiniStack: reports nothing, so that no alarm on a dead-letter queue can fire.
Bridge: report the numbers that alarms read, when they change and once a minute for six hours.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import time
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sqs

from localcloud import clock
from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.responses:request_scope",
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_dims_from_list",
    "ministack.services.cloudwatch:record_metric",
    "ministack.services.sqs:_queues",
)

_LOOK_SECONDS = 1.0
_ACTIVE_SECONDS = 6 * 3600
_NAMESPACE = "AWS/SQS"
_VISIBLE, _HELD, _OLDEST = (
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateAgeOfOldestMessage",
)

Watched = tuple[str, str, str, str]
"""Account, region, queue and metric."""


class _Report:
    """What was last reported, when, and when the queue last held anything."""

    def __init__(self) -> None:
        self.value = 0.0
        self.at = 0.0
        self.used = float("-inf")


_reports: dict[Watched, _Report] = {}


def apply(settings: Settings) -> None:
    """Look at the watched queues again and again."""
    minute = settings.minute
    clock.every(min(_LOOK_SECONDS, minute), lambda: look(minute))


def look(minute: float) -> None:
    """Report what changed, and what was not reported for a minute."""
    watched = _watched()
    if not watched:
        return
    now = time.time()
    for (account, region, _url), queue in sqs._queues.all_items():
        for metric in watched.get((account, region, queue["name"]), ()):
            value = _measured(queue, metric, now)
            report = _reports.setdefault((account, region, queue["name"], metric), _Report())
            report.used = now if value else report.used
            again = now - report.at >= minute and now - report.used < _ACTIVE_SECONDS
            if value != report.value or again:
                report.value, report.at = value, now
                with request_scope(account, region):
                    dimensions = {"QueueName": queue["name"]}
                    cloudwatch.record_metric(_NAMESPACE, metric, value, "Count", dimensions)


def _watched() -> dict[tuple[str, str, str], set[str]]:
    """The metrics that alarms read, by account, region and queue."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for (account, region, _name), alarm in cloudwatch._alarms.all_items():
        for query in alarm.get("Metrics") or [{"MetricStat": {"Metric": alarm}}]:
            metric = (query.get("MetricStat") or {}).get("Metric") or {}
            if metric.get("Namespace") == _NAMESPACE:
                queue = cloudwatch._dims_from_list(metric.get("Dimensions") or []).get("QueueName", "")
                found.setdefault((account, region, queue), set()).add(metric["MetricName"])
    return found


def _measured(queue: dict[str, Any], metric: str, now: float) -> float:
    messages = list(queue["messages"])
    if metric == _VISIBLE:
        return float(sum(message["visible_at"] <= now for message in messages))
    if metric == _HELD:
        return float(
            sum(message["visible_at"] > now and message["receive_count"] > 0 for message in messages)
        )
    # In whole minutes: an age that changes with every look would be reported with every look.
    ages = [now - message["sent_at"] for message in messages]
    return max(ages, default=0.0) // 60 * 60 if metric == _OLDEST else 0.0
