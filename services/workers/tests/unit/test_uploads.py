"""An object is read on from where its connection broke."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ResponseStreamingError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from wotr_workers.uploads import NoUpload, Superseded, Upload, Uploads

UPLOAD = Upload("uploads/ada/i1.csv", "e1", "v1", "ada", "i1", datetime(2026, 3, 1, tzinfo=UTC))
CLIENT = boto3.client("s3")
ASKED = {"Bucket": "b", "Key": UPLOAD.key, "IfMatch": '"e1"'}


class Breaking(StreamingBody):
    """A body whose connection breaks after its bytes."""

    def iter_chunks(self, chunk_size: int = 1024) -> Iterator[bytes]:
        if content := self.read():
            yield content
        raise ResponseStreamingError(error="reset by peer")


def answer(
    content: bytes, kind: type[StreamingBody] = StreamingBody, length: int | None = None
) -> dict[str, Any]:
    size = len(content) if length is None else length
    return {"Body": kind(io.BytesIO(content), len(content)), "ContentLength": size, "VersionId": "v1"}


@pytest.fixture
def s3() -> Iterator[Stubber]:
    with Stubber(CLIENT) as stub:
        yield stub


def read(_s3: Stubber) -> bytes:
    return b"".join(Uploads(CLIENT, "b").chunks(UPLOAD))


def test_a_broken_connection_is_taken_up_where_it_broke(s3: Stubber) -> None:
    s3.add_response("get_object", answer(b"abc", Breaking, length=6), ASKED)
    s3.add_response("get_object", answer(b"def"), {**ASKED, "Range": "bytes=3-"})
    assert read(s3) == b"abcdef"


def test_a_connection_that_breaks_at_the_very_end_needs_no_other(s3: Stubber) -> None:
    s3.add_response("get_object", answer(b"abc", Breaking), ASKED)
    assert read(s3) == b"abc"


def test_a_connection_that_keeps_breaking_is_given_up(s3: Stubber) -> None:
    for _ in range(5):
        s3.add_response("get_object", answer(b"", Breaking, length=6))
    with pytest.raises(ResponseStreamingError):
        read(s3)


@pytest.mark.parametrize(
    ("code", "error"), [("NoSuchKey", NoUpload), ("PreconditionFailed", Superseded)], ids=["gone", "replaced"]
)
def test_what_is_gone_or_replaced_is_told_apart(s3: Stubber, code: str, error: type[Exception]) -> None:
    s3.add_client_error("get_object", code)
    with pytest.raises(error):
        read(s3)


def test_the_same_content_uploaded_again_is_another_upload(s3: Stubber) -> None:
    s3.add_response("get_object", {**answer(b"abc"), "VersionId": "v2"})
    with pytest.raises(Superseded):
        read(s3)
