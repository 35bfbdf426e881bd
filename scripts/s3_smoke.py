"""Smoke test of S3 for the credentials and region at hand: list, upload, read back, compare, clean up.

Works against AWS and, with `AWS_ENDPOINT_URL` set, against the local cloud. Without `--bucket` it makes a
private bucket of its own and removes it again.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIZE = 256 * 1024


def client(region: str, attempts: int) -> S3Client:
    """An S3 client that retries with exponential backoff and jitter (botocore's standard mode)."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts}, connect_timeout=5, read_timeout=20
    )
    return boto3.client("s3", region_name=region, config=config)


def make_bucket(s3: S3Client, region: str) -> str:
    """A new private bucket in `region`, named at random."""
    name = f"wotr-smoke-{secrets.token_hex(8)}"
    if region == "us-east-1":  # the one region that must not be named as a location
        s3.create_bucket(Bucket=name)
    else:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    return name


def round_trip(s3: S3Client, bucket: str) -> str:
    """Upload random bytes, read them back, delete them; their SHA-256. RuntimeError where they differ."""
    key = f"smoke/{secrets.token_hex(8)}"
    sent = secrets.token_bytes(SIZE)
    try:  # also for the upload: one whose answer was lost may have arrived
        s3.put_object(Bucket=bucket, Key=key, Body=sent)
        got = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
    if got != sent:
        raise RuntimeError(f"s3://{bucket}/{key} came back different: {len(got)} of {len(sent)} bytes")
    return hashlib.sha256(got).hexdigest()


def run(s3: S3Client, region: str, bucket: str | None) -> None:
    """The three steps, a line each."""
    names = [found["Name"] for found in s3.list_buckets()["Buckets"]]
    print(f"listed    {len(names)} bucket{'s' * (len(names) != 1)}")
    target = bucket or make_bucket(s3, region)
    try:
        digest = round_trip(s3, target)
        print(f"uploaded  {SIZE} bytes to {target}\nread back the same bytes, sha256 {digest[:16]}…")
    finally:
        if bucket is None:
            s3.delete_bucket(Bucket=target)


def main() -> int:
    """Run the smoke test; 0 where S3 works."""
    parser = argparse.ArgumentParser(description="List buckets, upload an object, read it back, clean up.")
    parser.add_argument("--region", default="eu-central-1", help="AWS region (default %(default)s)")
    parser.add_argument("--bucket", help="an existing bucket to use instead of a new one")
    parser.add_argument(
        "--attempts", type=int, default=5, help="tries per call, with backoff (default %(default)s)"
    )
    options = parser.parse_args()
    try:
        run(client(options.region, options.attempts), options.region, options.bucket)
    except (BotoCoreError, ClientError, RuntimeError) as error:
        print(f"S3 does not work here: {error}", file=sys.stderr)
        return 1
    print("S3 works. Next: python3 noxfile.py -s demo")
    return 0


if __name__ == "__main__":
    sys.exit(main())
