"""The bucket of uploads: which object an event speaks of, and its bytes as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, ResponseStreamingError
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from wotr_common.problems import field_errors
from wotr_common.workout import IMPORT_ID_PATTERN, USER_ID_PATTERN

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK = 1 << 18
_TRIES = 5
_KEY = re.compile(
    rf"uploads/({USER_ID_PATTERN.strip('^$')})/({IMPORT_ID_PATTERN.strip('^$')})\.(?:csv|json)", re.ASCII
)


class NoUpload(Exception):
    """A message that is not about an upload, or about one that is gone; the message says why."""


class Superseded(Exception):
    """The object was uploaded again meanwhile; that upload has an event of its own."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload of an export, at `at`. `version` tells it from other uploads with the same key.

    `size` is in bytes, 0 where nobody said it.
    """

    key: str
    etag: str
    version: str
    user_id: str
    import_id: str
    at: datetime
    size: int = 0


class _Bucket(BaseModel):
    name: str


class _Object(BaseModel):
    key: str
    etag: str
    size: int = Field(0, ge=0)
    version_id: str | None = Field(None, alias="version-id")


class _Detail(BaseModel):
    bucket: _Bucket
    object: _Object


class _ObjectCreated(BaseModel):
    """What we read of EventBridge's event `Object Created` of S3."""

    time: AwareDatetime
    detail: _Detail


def upload_of(body: str) -> Upload:
    """The upload that an event tells of; NoUpload says what is wrong with it."""
    try:
        event = _ObjectCreated.model_validate_json(body)
    except ValidationError as error:
        found = (
            f"{each.field}: {each.message}" if each.field else each.message for each in field_errors(error)
        )
        raise NoUpload(f"not an event of a created object: {'; '.join(found)}") from None
    found_object = event.detail.object
    key = found_object.key
    match = _KEY.fullmatch(key)
    if match is None:
        raise NoUpload(f"the key must be uploads/USER/IMPORT.csv or .json, and is {key!r}")
    version = found_object.version_id or found_object.etag
    return Upload(key, found_object.etag, version, match[1], match[2], event.time, found_object.size)


class Uploads:
    """The bucket's objects."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def metadata(self, upload: Upload) -> dict[str, str]:
        """What its writer said of the object, beside it; NoUpload, Superseded."""
        try:
            answer = self._s3.head_object(Bucket=self._bucket, Key=upload.key, IfMatch=f'"{upload.etag}"')
        except ClientError as error:
            raise _said(error, upload) from error
        _same_upload(answer, upload)
        return answer.get("Metadata", {})

    def chunks(self, upload: Upload) -> Iterator[bytes]:
        """The object's bytes, read on where a connection broke; NoUpload and Superseded before the first."""
        position = 0
        tries, size = 0, -1
        while True:
            rest: Any = {"Range": f"bytes={position}-"} if position else {}
            try:
                answer = self._s3.get_object(
                    Bucket=self._bucket,
                    Key=upload.key,
                    IfMatch=f'"{upload.etag}"',
                    **rest,
                )
                _same_upload(answer, upload)
                size = position + answer["ContentLength"]
                for chunk in answer["Body"].iter_chunks(CHUNK):
                    yield chunk
                    position += len(chunk)
                    tries = 0
                return
            except ClientError as error:
                raise _said(error, upload) from error
            except (HTTPClientError, IncompleteReadError, ResponseStreamingError):
                tries += 1
                if tries == _TRIES:
                    raise
                if position == size:
                    return


def _same_upload(answer: Mapping[str, Any], upload: Upload) -> None:
    if upload.version not in (upload.etag, answer.get("VersionId", upload.version)):
        raise Superseded(upload.key)  # the same content, uploaded again


def _said(error: ClientError, upload: Upload) -> Exception:
    match error.response["Error"]["Code"]:
        case "NoSuchKey" | "404":
            return NoUpload(f"{upload.key} is no longer there")
        case "PreconditionFailed" | "412":
            return Superseded(upload.key)
        case _:
            return error
