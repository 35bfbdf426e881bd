"""Metrics of calls that come by the thousand (used by gap modules, inside the server).

A call only leaves a note. What notes say is put together on the clock, equal values as one point with a
count, so that a burst pays next to nothing and a busy API does not fill the memory.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch

from localcloud import clock

TOUCHES = (
    "ministack.core.responses:request_scope",
    "ministack.services.cloudwatch:_dims_key",
    "ministack.services.cloudwatch:_metric_bucket",
)

Dimensions = tuple[tuple[str, str], ...]

# A minute is a second at least: alarms' periods have several looks at what a burst left.
_PUTS_A_MINUTE = 4
_AT_MOST_SECONDS = 1.0


class Sample(NamedTuple):
    """One value of one metric."""

    namespace: str
    name: str
    unit: str
    value: float
    dimensions: Dimensions


Note = TypeVar("Note")


class Notes(Generic[Note]):
    """Notes of calls, and what they mean as samples."""

    def __init__(self, meaning: Callable[[Note], Iterable[Sample]], minute: float) -> None:
        self._meaning = meaning
        self._noted: list[tuple[str, str, Note]] = []
        clock.every(min(_AT_MOST_SECONDS, minute / _PUTS_A_MINUTE), self.put)

    def add(self, note: Note) -> None:
        """Note a call, in the account and region that it is made in."""
        self._noted.append((get_account_id(), get_region(), note))

    def put(self) -> None:
        """Put what was noted since the last time into CloudWatch."""
        if not self._noted:
            return
        noted, self._noted = self._noted, []
        counted: dict[tuple[str, str], Counter[Sample]] = {}
        for (account, region, note), times in Counter(noted).items():
            samples = counted.setdefault((account, region), Counter())
            for sample in self._meaning(note):
                samples[sample] += times
        for (account, region), samples in counted.items():
            with request_scope(account, region):
                for sample, count in samples.items():
                    _put(sample, count)


def rounded(value: float) -> float:
    """Three digits are enough for a percentile, and let values fall together."""
    return float(f"{value:.3g}")


def _put(sample: Sample, count: int) -> None:
    dimensions = dict(sample.dimensions)
    point: dict[str, Any] = {
        "Timestamp": time.time(),
        "Value": sample.value,
        "Unit": sample.unit,
        "Dimensions": dimensions,
        "Count": float(count),
    }
    key = (sample.namespace, sample.name, cloudwatch._dims_key(dimensions))
    cloudwatch._metric_bucket(key).append(point)
