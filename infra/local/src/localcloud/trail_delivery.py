"""Brings a trail's events where the trail says: into its bucket and its log group (inside the server)."""

from __future__ import annotations

import gzip
import json
import logging
import secrets
import string
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, s3

from localcloud import grants

TOUCHES = (
    *grants.TOUCHES,
    "ministack.services.cloudwatch_logs:_append_log_events",
    "ministack.services.cloudwatch_logs:_create_log_stream",
    "ministack.services.cloudwatch_logs:_fanout_to_subscription_filters",
    "ministack.services.cloudwatch_logs:_log_events_lock",
    "ministack.services.cloudwatch_logs:_log_groups",
    "ministack.services.s3:_bucket_policies",
    "ministack.services.s3:_buckets",
    "ministack.services.s3:_put_object",
)
# A log group has no memory limit here: the bucket keeps everything, the stream the latest events.
KEPT_IN_STREAM = 20_000

_SERVICE = "cloudtrail.amazonaws.com"
_ACL = "bucket-owner-full-control"
_log = logging.getLogger("localcloud")

Trail = dict[str, Any]


def refusal(trail: Trail) -> str | None:
    """Why CloudTrail would not make this trail, None where it would."""
    bucket = trail["S3BucketName"]
    if bucket not in s3._buckets:
        return f"S3 bucket {bucket} does not exist!"
    if not (
        _service_may(trail, "s3:GetBucketAcl", "")
        and _service_may(trail, "s3:PutObject", f"/{_folder(trail)}")
    ):
        return f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
    if not trail.get("CloudWatchLogsLogGroupArn"):
        return None
    if _group(trail) not in cloudwatch_logs._log_groups:
        return "CloudTrail cannot validate the specified log group ARN."
    return None if _role_may(trail) else "Access denied. Check the permissions for your role."


def to_bucket(trail: Trail, events: list[dict[str, Any]]) -> None:
    """Put a file of events into the trail's bucket, if its policy still lets CloudTrail."""
    account, region, now = get_account_id(), get_region(), time.gmtime()
    unique = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(16))
    name = f"{account}_CloudTrail_{region}_{time.strftime('%Y%m%dT%H%MZ', now)}_{unique}.json.gz"
    key = f"{_folder(trail)}{region}/{time.strftime('%Y/%m/%d', now)}/{name}"
    if not _service_may(trail, "s3:PutObject", f"/{key}"):
        _log.warning("trail %s delivers nothing: the policy of its bucket refuses it", trail["Name"])
        return
    body = gzip.compress(json.dumps({"Records": events}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip", "x-amz-acl": _ACL}
    if key_id := trail.get("KmsKeyId"):
        encryption = "x-amz-server-side-encryption"
        headers |= {encryption: "aws:kms", f"{encryption}-aws-kms-key-id": key_id}
    status, _headers, answer = s3._put_object(trail["S3BucketName"], key, body, headers)
    if status >= 400:
        _log.warning("trail %s delivers nothing: %s", trail["Name"], answer.decode(errors="replace"))


def to_log_group(trail: Trail, events: list[dict[str, Any]]) -> None:
    """Put events into the trail's log group, if it has one and its role still may."""
    group = _group(trail)
    if not group:
        return
    if group not in cloudwatch_logs._log_groups or not _role_may(trail):
        _log.warning("trail %s logs nothing in %s: no such group, or its role may not", trail["Name"], group)
        return
    stream = f"{get_account_id()}_CloudTrail_{get_region()}"
    streams = cloudwatch_logs._log_groups[group]["streams"]
    if stream not in streams:
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "ingestionTime": now, "message": json.dumps(event)} for event in events]
    cloudwatch_logs._append_log_events(streams[stream], lines)
    with cloudwatch_logs._log_events_lock:
        del streams[stream]["events"][:-KEPT_IN_STREAM]
    cloudwatch_logs._fanout_to_subscription_filters(group, stream, lines)


def _folder(trail: Trail) -> str:
    prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    return f"{prefix}AWSLogs/{get_account_id()}/CloudTrail/"


def _service_may(trail: Trail, action: str, path: str) -> bool:
    bucket = trail["S3BucketName"]
    return grants.service_may(
        _SERVICE,
        action,
        f"arn:aws:s3:::{bucket}{path}",
        s3._bucket_policies.get(bucket) or "",
        aws__sourcearn=trail["TrailARN"],
        aws__sourceaccount=get_account_id(),
        aws__principalservicename=_SERVICE,
        aws__principalisawsservice="true",
        aws__securetransport="true",
        **{"s3__x-amz-acl": _ACL},
    )


def _group(trail: Trail) -> str:
    arn: str = trail.get("CloudWatchLogsLogGroupArn") or ""
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _role_may(trail: Trail) -> bool:
    stream = f"{get_account_id()}_CloudTrail_{get_region()}"
    resource = f"{trail['CloudWatchLogsLogGroupArn'].removesuffix(':*')}:log-stream:{stream}"
    role = trail["CloudWatchLogsRoleArn"]
    return all(grants.may(role, action, resource) for action in ("logs:CreateLogStream", "logs:PutLogEvents"))
