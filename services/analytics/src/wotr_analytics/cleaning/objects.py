"""Overdue objects of a bucket: looked for version by version, removed so that nothing newer can be hit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_analytics.cleaning.overdue import Act, Rule, Version, overdue
from wotr_analytics.cleaning.tally import Tally
from wotr_common.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Somebody uploaded anew or removed it meanwhile: either way it is no longer this job's business.
_NO_LONGER = {"PreconditionFailed", "NoSuchKey", "NoSuchVersion", "412"}


class Objects:
    """The objects below `prefix` in `bucket`."""

    def __init__(self, s3: S3Client, bucket: str, prefix: str, rule: Rule) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix
        self._rule = rule

    def clean(self, now: datetime, in_time: Callable[[], bool], *, dry: bool) -> Tally:
        """Hide or remove what is overdue, for as long as there is time; with `dry` only count it."""
        tally = Tally()
        # S3 lists all versions of a key in a row.
        for _, versions in groupby(self._versions(), key=lambda each: each.key):
            if not in_time():
                tally.finished = False
                break
            for act, version in overdue(versions, self._rule, now):
                tally.found += 1
                if not dry:
                    self._do(act, version, tally)
        return tally

    def _do(self, act: Act, version: Version, tally: Tally) -> None:
        # A version is one write and no other; hiding concerns the key, so it names the content that it means.
        which: dict[str, Any] = (
            {"VersionId": version.version_id} if act is Act.REMOVE else {"IfMatch": version.etag}
        )
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=version.key, **which)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NO_LONGER:
                return
            tally.failed += 1
            logger.warning("an overdue object could not be removed", key=version.key, exc_info=error)
        else:
            tally.removed += 1

    def _versions(self) -> Iterator[Version]:
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        for page in pages:
            # Versions and markers come apart, each in the order of keys.
            found = [_version(each, marker=False) for each in page.get("Versions", [])]
            found += [_version(each, marker=True) for each in page.get("DeleteMarkers", [])]
            yield from sorted(found, key=lambda each: each.key)


def _version(listed: Mapping[str, Any], *, marker: bool) -> Version:
    return Version(
        listed["Key"],
        listed["VersionId"],
        listed["LastModified"],
        listed["IsLatest"],
        marker,
        listed.get("ETag", ""),
    )
