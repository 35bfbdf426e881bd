"""Which days the events in the lake speak of, read from where the last night stopped.

Objects of the lake are written again whenever an event is added, so what is new is told by the time an
object was last written: also of an event that reached the lake days after it happened.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, cast

from wotr_analytics.lake.objects import PREFIX
from wotr_analytics.summaries.night import Arrivals

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Read once more each night: what was written while the last one ran, which takes minutes; S3 tells seconds
# only, and the table's index is not consistent. What is read twice changes nothing.
MARGIN = timedelta(hours=1)


class LakeArrivals:
    """The lake in `bucket`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def newest(self) -> datetime | None:
        """When its newest object was written."""
        return max((written for written, _ in self._objects()), default=None)

    def since(self, moment: datetime | None, in_time: Callable[[], bool]) -> Arrivals:
        """The days of what was written from then on, oldest first; stops between objects when time is up."""
        days: set[date] = set()
        for written, key in sorted(self._objects()):
            if moment is not None and written < moment - MARGIN:
                continue
            if not in_time():
                break
            days.update(self._days(key))
            moment = written if moment is None else max(moment, written)
        return Arrivals(frozenset(days), moment)

    def _objects(self) -> Iterator[tuple[datetime, str]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{PREFIX}/")
        for found in (each for page in pages for each in page.get("Contents", [])):
            yield found["LastModified"], found["Key"]

    def _days(self, key: str) -> Iterator[date]:
        body = cast("IO[bytes]", self._s3.get_object(Bucket=self._bucket, Key=key)["Body"])
        with gzip.open(body) as lines:
            yield from (_day(json.loads(line)) for line in lines)


def _day(row: dict[str, Any]) -> date:
    return datetime.fromisoformat(row["started_at"]).astimezone(UTC).date()
