"""Reports, and what one night leaves for the next, as objects of the lake's bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_analytics.summaries.night import Held, Memory, Overtaken
from wotr_common.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "reports/"
MEMORY = "state/daily-summary.json"
# changed, gone, or being written right now by somebody else
_OVERTAKEN = {"PreconditionFailed", "NoSuchKey", "ConditionalRequestConflict", "412", "409"}


def key(day: date) -> str:
    """Where the report of `day` lies."""
    return f"{PREFIX}{day.isoformat()}.json"


class Reports:
    """The reports in `bucket`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def days(self) -> set[date]:
        """The days that have a report."""
        return set(self._days())

    def get(self, day: date) -> Held | None:
        """The report of a day, None where it has none."""
        return self._get(key(day))

    def put(self, day: date, body: bytes, on_top_of: Held | None) -> None:
        """Write a report; Overtaken where what is stored is no longer `on_top_of`."""
        self._put(key(day), body, on_top_of.etag if on_top_of else None)

    def memory(self) -> Memory:
        """What the last night left; nothing where it is lost, and then all reports are looked at again."""
        held = self._get(MEMORY)
        if held is None:
            return Memory()
        try:
            said = json.loads(held.body)
            read_through = said["readThrough"]
            return Memory(
                datetime.fromisoformat(read_through) if read_through else None,
                frozenset(map(date.fromisoformat, said["waiting"])),
                held.etag,
            )
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("what the last night left cannot be read: everything is looked at", exc_info=error)
            return Memory(etag=held.etag)

    def remember(self, memory: Memory) -> None:
        """Leave it for the next night; Overtaken where the stored one no longer has its tag."""
        said = {
            "readThrough": memory.read_through.isoformat() if memory.read_through else None,
            "waiting": [day.isoformat() for day in sorted(memory.waiting)],
        }
        self._put(MEMORY, json.dumps(said).encode(), memory.etag)

    def _days(self) -> Iterator[date]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        for found in (each for page in pages for each in page.get("Contents", [])):
            name = found["Key"].removeprefix(PREFIX).removesuffix(".json")
            try:
                yield date.fromisoformat(name)
            except ValueError:
                logger.info("not a report", key=found["Key"])

    def _get(self, key: str) -> Held | None:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return Held(found["Body"].read(), found["ETag"])

    def _put(self, key: str, body: bytes, etag: str | None) -> None:
        condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", **condition
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _OVERTAKEN:
                raise Overtaken(key) from error
            raise
