"""Artifacts in the artifact store, read and written with the session of an action."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud import service_roles
from localcloud.pipelines.actions import Location


def put(variables: Mapping[str, str], location: Location, content: bytes) -> None:
    """Write an artifact, encrypted with the store's key where it has one of its own."""
    key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": location.kms_key} if location.kms_key else {}
    client = service_roles.client("s3", dict(variables))
    client.put_object(Bucket=location.bucket, Key=location.key, Body=content, **key)


def get(variables: Mapping[str, str], location: Location) -> bytes:
    """The content of an artifact."""
    found = service_roles.client("s3", dict(variables)).get_object(Bucket=location.bucket, Key=location.key)
    content: bytes = found["Body"].read()
    return content
