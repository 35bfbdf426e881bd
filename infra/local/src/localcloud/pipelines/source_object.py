"""Source actions of provider S3: a zip in a bucket is the source. Nothing polls; somebody starts it.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud import service_roles
from localcloud.pipelines.actions import Action, Outcome

CONFIGURATION = frozenset({"S3Bucket", "S3ObjectKey", "PollForSourceChanges"})
# AWS polls where this is left out.
REQUIRED = frozenset({"S3Bucket", "S3ObjectKey", "PollForSourceChanges"})


def problems(configuration: Mapping[str, str]) -> list[str]:
    """Polling is not there."""
    if configuration.get("PollForSourceChanges", "false") == "false":
        return []
    return ["PollForSourceChanges other than false is not there on the local cloud"]


def run(action: Action) -> Outcome:
    """Copy the object into the artifact store, by the role of the action."""
    s3 = service_roles.client("s3", dict(action.variables))
    bucket, key = action.configuration["S3Bucket"], action.configuration["S3ObjectKey"]
    found = s3.get_object(Bucket=bucket, Key=key)
    (output,) = action.outputs.values()
    encryption: dict[str, Any] = {}
    if output.kms_key:
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": output.kms_key}
    s3.put_object(Bucket=output.bucket, Key=output.key, Body=found["Body"].read(), **encryption)
    version, tag = found.get("VersionId", "null"), found["ETag"].strip('"')
    return Outcome(
        "Succeeded",
        f"Amazon S3 version id: {version}",
        variables={"BucketName": bucket, "ObjectKey": key, "ETag": tag, "VersionId": version},
        revision=tag if version == "null" else version,
        revision_url=f"s3://{bucket}/{key}",
    )
