"""Who did what is recorded where nobody can change it, and somebody is told of what should not happen."""

from __future__ import annotations

import gzip
import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from waiting import eventually

from stage_client import Stage, TopicListener

Proof = Callable[[str, str], None]
Role = Callable[..., boto3.Session]
Event = dict[str, Any]
Switch = Literal["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
WITHIN_S = 60.0
BLOCK: tuple[Switch, ...] = get_args(Switch)


@pytest.fixture
def role() -> Iterator[Role]:
    """Take a new role, allowed `actions` on everything: unlike to root, policies apply to it."""
    iam, sts = boto3.client("iam"), boto3.client("sts")
    account = sts.get_caller_identity()["Account"]
    made: list[str] = []

    def document(**statement: Any) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

    def take(*actions: str) -> boto3.Session:
        name = f"wotr-e2e-audit-{secrets.token_hex(4)}"
        trust = document(Principal={"AWS": f"arn:aws:iam::{account}:root"}, Action="sts:AssumeRole")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        made.append(name)
        if actions:
            allowed = document(Action=list(actions), Resource="*")
            iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=allowed)
        keys = sts.assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
        return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    yield take
    for name in made:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


@pytest.fixture
def ops(stage: Stage) -> Iterator[TopicListener]:
    listener = TopicListener(stage.outputs("platform")["OpsTopicArn"])
    yield listener
    listener.close()


def logged(stage: Stage, **wanted: str) -> list[Event]:
    """Events in the trail's log group, by their top-level fields."""
    pattern = " && ".join(f'($.{name} = "{value}")' for name, value in wanted.items())
    group = stage.outputs("audit")["TrailLogGroupName"]
    pages = boto3.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=group, filterPattern=f"{{ {pattern} }}")
    return [json.loads(line["message"]) for page in found for line in page["events"]]


def files(stage: Stage) -> Iterator[tuple[str, list[Event]]]:
    """Each file of the trail's bucket, newest first, with its events."""
    s3, bucket = boto3.client("s3"), stage.outputs("audit")["TrailBucketName"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="AWSLogs/")
    listed = [found for page in pages for found in page.get("Contents", [])]
    for found in sorted(listed, key=lambda each: each["LastModified"], reverse=True):
        raw = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        yield found["Key"], json.loads(gzip.decompress(raw))["Records"]


def alarm_of(stage: Stage, metric: str) -> str:
    """The name of the alarm on one of the trail's metrics."""
    (found,) = boto3.client("cloudwatch").describe_alarms_for_metric(
        Namespace=f"wotr/{stage.name}", MetricName=metric
    )["MetricAlarms"]
    return str(found["AlarmName"])


def told_after(stage: Stage, ops: TopicListener, metric: str, act: Callable[[], Any]) -> float:
    """Seconds from `act` until the operations topic is told that the metric's alarm is on."""
    alarm = alarm_of(stage, metric)
    # What others did a moment ago may have raised it already.
    boto3.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="to be tried")
    act()
    began = time.monotonic()
    eventually(
        lambda: [(told["AlarmName"], told["NewStateValue"]) for told in ops.messages()],
        lambda told: (alarm, "ALARM") in told,
        f"the alarm on {metric}",
        WITHIN_S,
    )
    return time.monotonic() - began


def test_one_unauthorised_call_is_in_the_trail_and_raises_the_alarm(
    stage: Stage, role: Role, ops: TopicListener, proof: Proof
) -> None:
    table = stage.outputs("data")["WorkoutsTableName"]
    stranger = role()
    who = stranger.client("sts").get_caller_identity()["Arn"]

    def tries() -> None:
        with pytest.raises(ClientError, match="AccessDenied"):
            stranger.client("dynamodb").scan(TableName=table)
        with pytest.raises(ClientError, match="AccessDenied"):
            stranger.client("iam").create_user(UserName="wotr-e2e-mine")

    seconds = told_after(stage, ops, "UnauthorizedCalls", tries)
    by_stranger = [
        event for event in logged(stage, errorCode="AccessDenied*") if event["userIdentity"].get("arn") == who
    ]
    names = {event["eventName"]: event["eventID"] for event in by_stranger}
    assert names.keys() == {"Scan", "CreateUser"}
    filed = eventually(
        lambda: {event["eventID"]: event for _, events in files(stage) for event in events},
        lambda found: found.keys() >= set(names.values()),
        "the calls in the trail's bucket",
        WITHIN_S,
    )
    scan = filed[names["Scan"]]
    assert scan["requestParameters"] == {"tableName": table}
    assert scan["resources"][0]["ARN"].endswith(f":table/{table}")
    proof("6 an unauthorised call", f"in bucket and log group, alarm told {seconds:.1f} s later")


def test_objects_and_items_are_in_the_trail_and_their_content_is_not(stage: Stage, proof: Proof) -> None:
    data, mark = stage.outputs("data"), secrets.token_hex(8)
    marked = Config(user_agent_extra=mark)
    s3, dynamodb = boto3.client("s3", config=marked), boto3.client("dynamodb", config=marked)
    bucket, table = data["MediaBucketName"], data["WorkoutsTableName"]
    key = {"pk": {"S": f"USER#e2e-{mark}"}, "sk": {"S": "AUDIT"}}
    s3.put_object(Bucket=bucket, Key=f"e2e/{mark}", Body=b"secret content")
    s3.get_object(Bucket=bucket, Key=f"e2e/{mark}")
    s3.delete_object(Bucket=bucket, Key=f"e2e/{mark}")
    dynamodb.get_item(TableName=table, Key=key)
    told = eventually(
        lambda: [event for event in logged(stage, userAgent=f"*{mark}*") if not event["managementEvent"]],
        lambda events: len(events) == 4,
        "the four calls",
        WITHIN_S,
    )
    by_name = {event["eventName"]: event for event in told}
    assert by_name.keys() == {"PutObject", "GetObject", "DeleteObject", "GetItem"}
    item = by_name.pop("GetItem")
    assert item["requestParameters"] == {"tableName": table}
    assert item["resources"][0]["ARN"].endswith(f":table/{table}")
    for event in by_name.values():
        assert event["requestParameters"] == {"bucketName": bucket, "key": f"e2e/{mark}"}
        assert event["resources"][0]["ARN"] == f"arn:aws:s3:::{bucket}/e2e/{mark}"
    assert "secret content" not in json.dumps(told)
    proof("6 data events", f"{len(told)} calls on an object and an item told, none with content")


def test_nobody_writes_changes_or_deletes_what_the_trail_tells(
    stage: Stage, role: Role, proof: Proof
) -> None:
    bucket = stage.outputs("audit")["TrailBucketName"]
    key, _ = eventually(
        lambda: next(files(stage), ("", [])), lambda found: bool(found[0]), "a file", WITHIN_S
    )
    version = boto3.client("s3").head_object(Bucket=bucket, Key=key)["VersionId"]
    everything = role("s3:*").client("s3")
    attempts: list[Callable[[], Any]] = [
        lambda: everything.put_object(Bucket=bucket, Key=key, Body=b"nothing happened"),
        lambda: everything.put_object(Bucket=bucket, Key=f"{key}.2", Body=b"this happened"),
        lambda: everything.delete_object(Bucket=bucket, Key=key),
        lambda: everything.delete_object(Bucket=bucket, Key=key, VersionId=version),
        lambda: everything.delete_object(
            Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True
        ),
        # Even the account's root user, whom no policy of the bucket stops on the local cloud.
        lambda: boto3.client("s3").delete_object(Bucket=bucket, Key=key, VersionId=version),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()
    assert boto3.client("s3").head_object(Bucket=bucket, Key=key)["VersionId"] == version
    proof("6 locked trail", f"{len(attempts)} attempts to forge or delete refused, with s3:* and as root")


def buckets(stage: Stage) -> Iterator[str]:
    """Every bucket of the stage's stacks."""
    cloudformation = boto3.client("cloudformation")
    stacks = cloudformation.get_paginator("list_stacks").paginate(
        StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"]
    )
    names = [found["StackName"] for page in stacks for found in page["StackSummaries"]]
    pages = cloudformation.get_paginator("list_stack_resources")
    for name in names:
        if not (name.startswith("wotr-") and name.endswith(f"-{stage.name}")):
            continue
        for page in pages.paginate(StackName=name):
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] == "AWS::S3::Bucket":
                    yield resource["PhysicalResourceId"]


def public(bucket: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_no_bucket_can_be_made_public_and_whoever_tries_is_told_of(
    stage: Stage, role: Role, ops: TopicListener, proof: Proof
) -> None:
    s3 = boto3.client("s3")
    bucket = stage.outputs("data")["MediaBucketName"]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    careless = role("s3:PutBucketPublicAccessBlock").client("s3")
    try:
        seconds = told_after(
            stage, ops, "BucketExposure", lambda: careless.delete_public_access_block(Bucket=bucket)
        )
    finally:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)

    found = list(buckets(stage))
    assert len(found) > 4
    for bucket in found:
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert all(block.get(switch) for switch in BLOCK), bucket
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_bucket_policy(Bucket=bucket, Policy=public(bucket))
    proof(
        "6 public buckets",
        f"{len(found)} buckets refuse a public policy, a block that is moved is told {seconds:.1f} s later",
    )


def test_somebody_is_told_of_what_an_attacker_does_first(
    stage: Stage, ops: TopicListener, proof: Proof
) -> None:
    iam, kms, trails = boto3.client("iam"), boto3.client("kms"), boto3.client("cloudtrail")
    trail = stage.outputs("audit")["TrailArn"]
    name = f"wotr-e2e-{secrets.token_hex(4)}"
    iam.create_user(UserName=name)
    nothing = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [nothing]})
    key = kms.create_key(Description="made to be disabled")["KeyMetadata"]["KeyId"]
    attempts: dict[str, Callable[[], Any]] = {
        "PolicyChanges": lambda: iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy),
        "KeyDisabling": lambda: kms.disable_key(KeyId=key),
        "TrailChanges": lambda: trails.stop_logging(Name=trail),
        "RootUse": iam.list_users,
    }
    slowest = 0.0
    try:
        for metric, attempt in attempts.items():
            slowest = max(slowest, told_after(stage, ops, metric, attempt))
            trails.start_logging(Name=trail)
    finally:
        trails.start_logging(Name=trail)
        iam.delete_user_policy(UserName=name, PolicyName="all")
        iam.delete_user(UserName=name)
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    proof("6 further alarms", f"{', '.join(attempts)}: told within {slowest:.1f} s")
