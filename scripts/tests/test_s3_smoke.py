"""The smoke test of S3: what it does, what it leaves behind, and how it takes failures."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import s3_smoke
from botocore.awsrequest import AWSResponse

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "eu-north-1"


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["s3_smoke.py", *words])
    return s3_smoke.main()


class Fault:
    """The first `times` requests are answered with `status` and `body` instead of by S3."""

    def __init__(self, times: int, status: int, body: bytes) -> None:
        self.left, self.status, self.body = times, status, body

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        if self.left == 0:
            return None
        self.left -= 1
        raw: Any = io.BytesIO(self.body)
        raw.stream = lambda *_, **__: iter([self.body])
        headers: Any = {"content-length": str(len(self.body))}
        return AWSResponse(request.url, self.status, headers, raw)


def put_before(s3: S3Client, operation: str, fault: Fault) -> None:
    events: Any = s3.meta.events  # the stubs do not know that a handler may answer
    events.register_first(f"before-send.s3.{operation}", fault)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, in seconds; nobody waits for them."""
    taken: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", taken.append)
    return taken


def test_it_lists_uploads_reads_back_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("s3", "us-east-1").create_bucket(Bucket="older")
    assert run(monkeypatch, "--region", REGION) == 0
    said = capsys.readouterr().out
    for line in ("listed    1 bucket\n", f"uploaded  {s3_smoke.SIZE} bytes", "read back the same bytes"):
        assert line in said
    assert [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]] == ["older"]


@pytest.mark.parametrize("region", [REGION, "us-east-1"])
def test_its_bucket_is_private_and_in_the_region_that_was_asked_for(region: str) -> None:
    s3 = s3_smoke.client(region, attempts=1)
    name = s3_smoke.make_bucket(s3, region)
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == (
        None if region == "us-east-1" else region
    )
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())


def test_a_bucket_that_was_named_stays_without_the_object(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket="mine")
    assert run(monkeypatch, "--region", "us-east-1", "--bucket", "mine") == 0
    assert s3.list_objects_v2(Bucket="mine")["KeyCount"] == 0


def test_a_failing_call_is_tried_again_after_a_pause(naps: list[float]) -> None:
    s3 = s3_smoke.client(REGION, attempts=3)
    put_before(s3, "PutObject", Fault(2, 503, b""))
    s3_smoke.run(s3, REGION, None)
    assert len(naps) == 2


def test_it_gives_up_after_the_attempts_and_cleans_up(naps: list[float]) -> None:
    s3 = s3_smoke.client(REGION, attempts=3)
    put_before(s3, "PutObject", Fault(9, 503, b""))
    with pytest.raises(s3.exceptions.ClientError, match="reached max retries: 2"):
        s3_smoke.run(s3, REGION, None)
    assert len(naps) == 2
    assert s3.list_buckets()["Buckets"] == []


def test_other_bytes_than_were_sent_are_noticed() -> None:
    s3 = s3_smoke.client(REGION, attempts=1)
    put_before(s3, "GetObject", Fault(1, 200, b"other"))
    with pytest.raises(RuntimeError, match=rf"came back different: 5 of {s3_smoke.SIZE} bytes"):
        s3_smoke.run(s3, REGION, None)
    assert s3.list_buckets()["Buckets"] == []


def test_what_does_not_work_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--bucket", "nobodys") == 1
    assert capsys.readouterr().err.startswith("S3 does not work here: An error occurred (NoSuchBucket)")
