"""The objects of the lake: one a day, written anew if nobody else has written meanwhile."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from typing import IO, TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from wotr_analytics.lake.rows import merged, packed, unpacked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

PREFIX = "lake/workout_events"
TRIES = 6
_BACKOFF_S = 0.1
_IN_MEMORY = 8 * 2**20  # bytes of a packed object; longer ones are made in /tmp
# The object was written or removed since it was read. 409: somebody writes it at this moment.
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class NotAdded(Exception):
    """The rows are not in the lake, or nobody knows: let their events come again."""


class _Changed(Exception):
    """Somebody else was faster."""


def pause(retry: int) -> None:
    """Wait before the given retry (1, 2, …): random, so that two who met do not meet again."""
    time.sleep(random.uniform(0, _BACKOFF_S * 2**retry))  # noqa: S311 - guards nothing


class Lake:
    """The lake in `bucket`."""

    def __init__(self, s3: S3Client, bucket: str, pause: Callable[[int], None] = pause) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._pause = pause

    def add(self, date: str, lines: Collection[bytes]) -> int:
        """Add the rows of `date` that are not there yet and say how many; NotAdded where S3 does not let it.

        Adding nothing new writes nothing.
        """
        key = key_of(date)
        for retry in range(TRIES):
            if retry:
                self._pause(retry)
            try:
                return self._add(key, lines)
            except _Changed:
                continue
            except (ClientError, BotoCoreError) as error:
                raise NotAdded(f"{key}: {error}") from error
        raise NotAdded(f"{key} was written by others {TRIES} times meanwhile")

    def _add(self, key: str, lines: Collection[bytes]) -> int:
        old, etag = self._read(key)
        added = 0

        def counted() -> Iterator[bytes]:
            nonlocal added
            for line, is_new in merged(old, lines):
                added += is_new
                yield line

        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as made:
            packed(counted(), cast("IO[bytes]", made))
            if added:
                made.seek(0)
                self._write(key, cast("IO[bytes]", made), etag)
        return added

    def _read(self, key: str) -> tuple[Iterator[bytes], str | None]:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return iter(()), None
        return unpacked(cast("IO[bytes]", found["Body"])), found["ETag"]

    def _write(self, key: str, body: IO[bytes], etag: str | None) -> None:
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": body,
            "ContentType": "application/gzip",
        }
        if etag is None:
            request["IfNoneMatch"] = "*"
        else:
            request["IfMatch"] = etag
        try:
            self._s3.put_object(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                raise _Changed from error
            raise


def key_of(date: str) -> str:
    """Where the rows of a date lie, for readers that know partitions by their folder."""
    return f"{PREFIX}/dt={date}/events.jsonl.gz"
