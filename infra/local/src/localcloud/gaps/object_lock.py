"""A bucket made by CloudFormation keeps its objects locked.

AWS: `ObjectLockEnabled` and the default retention of `ObjectLockConfiguration` hold for every version that is
put from then on.
MiniStack: enforces locks that were set through the API and drops those of a template.
Bridge: keep the template's lock where the enforcement looks for it.
"""

from __future__ import annotations

from ministack.services import s3

from localcloud import provisioning
from localcloud.gaps import Settings

TOUCHES = (*provisioning.TOUCHES, "ministack.services.s3:_bucket_object_lock")


def apply(_settings: Settings) -> None:
    """Set the lock each time a bucket was made or changed; once locked, a bucket stays so."""
    provisioning.after("AWS::S3::Bucket", _lock)


def _lock(bucket: str, properties: provisioning.Properties) -> None:
    if str(properties.get("ObjectLockEnabled", "")).lower() != "true":
        return
    rule = (properties.get("ObjectLockConfiguration") or {}).get("Rule") or {}
    retention = rule.get("DefaultRetention")
    if retention:
        numbers = {name: int(retention[name]) for name in ("Days", "Years") if name in retention}
        retention = {"Mode": retention["Mode"]} | numbers
    s3._bucket_object_lock[bucket] = {"enabled": True, "default_retention": retention}
