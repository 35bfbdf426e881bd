"""Data points are kept as long as CloudWatch keeps them, and looking at one does not mean looking at all.

AWS: a data point of a minute is there for 15 days.
MiniStack: drops it after 14, and goes through every data point of every metric at each call to find those.
While a canary shifts, its alarms are looked at so often that nothing else got on.
Bridge: what is older than 15 days goes, and is looked for once a minute.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import time

from ministack.services import cloudwatch

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudwatch:_evict_old_metrics",
    "ministack.services.cloudwatch:_metrics",
)

_KEPT_SECONDS = 15 * 24 * 60 * 60
_EVERY_SECONDS = 60.0


def apply(_settings: Settings) -> None:
    """Take over the dropping of data points."""
    looked = time.monotonic()

    def drop() -> None:
        nonlocal looked
        if time.monotonic() - looked >= _EVERY_SECONDS:
            looked = time.monotonic()
            _drop(time.time() - _KEPT_SECONDS)

    cloudwatch._evict_old_metrics = drop


def _drop(oldest: float) -> None:
    metrics = cloudwatch._metrics
    for key, points in list(metrics.items()):
        kept = [point for point in points if point["Timestamp"] >= oldest]
        if not kept:
            del metrics[key]
        elif len(kept) < len(points):
            metrics[key] = kept
