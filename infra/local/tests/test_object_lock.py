"""Gap: a bucket made by CloudFormation keeps its objects locked."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy


def test_a_version_cannot_be_deleted_before_its_time(stack: Deploy, client: Client) -> None:
    locked = {
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": "3"}},
        },
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    bucket = stack({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": locked}}).ids["Bucket"]
    s3 = client("s3")
    rule = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]["Rule"]
    assert rule["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 3}
    version = s3.put_object(Bucket=bucket, Key="kept", Body=b"x")["VersionId"]
    with pytest.raises(ClientError, match="object lock"):
        s3.delete_object(Bucket=bucket, Key="kept", VersionId=version, BypassGovernanceRetention=True)
