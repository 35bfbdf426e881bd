"""Gap: every API call, refused ones too, is in the event history and where the account's trails deliver."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Stack, StackFailed, Wait, deploy

TRAIL = "contract-trail"
SERVICE = {"Service": "cloudtrail.amazonaws.com"}
BUCKET = {"Fn::GetAtt": ["Bucket", "Arn"]}


def policy(*, put: bool = True) -> dict[str, Any]:
    statements = [
        {"Effect": "Allow", "Principal": SERVICE, "Action": "s3:GetBucketAcl", "Resource": BUCKET},
        {
            "Effect": "Allow",
            "Principal": SERVICE,
            "Action": "s3:PutObject",
            "Resource": {"Fn::Sub": "${Bucket.Arn}/AWSLogs/${AWS::AccountId}/*"},
            "Condition": {
                "StringEquals": {
                    "s3:x-amz-acl": "bucket-owner-full-control",
                    "aws:SourceArn": {
                        "Fn::Sub": f"arn:aws:cloudtrail:${{AWS::Region}}:${{AWS::AccountId}}:trail/{TRAIL}"
                    },
                }
            },
        },
    ]
    document = {"Version": "2012-10-17", "Statement": statements if put else statements[:1]}
    properties = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document}
    return {"Type": "AWS::S3::BucketPolicy", "Properties": properties}


def template(**bucket_policy: bool) -> dict[str, Any]:
    logs = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    data = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::contract-watched-"]},
        {"Field": "readOnly", "Equals": ["false"]},
    ]
    management = [{"Field": "eventCategory", "Equals": ["Management"]}]
    trail = {
        "TrailName": TRAIL,
        "IsLogging": True,
        "S3BucketName": {"Ref": "Bucket"},
        "CloudWatchLogsLogGroupArn": {"Fn::GetAtt": ["Group", "Arn"]},
        "CloudWatchLogsRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "AdvancedEventSelectors": [{"FieldSelectors": management}, {"FieldSelectors": data}],
    }
    trust = {"Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"}
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "log", "PolicyDocument": {"Version": "2012-10-17", "Statement": [logs]}}],
    }
    return {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "BucketPolicy": policy(**bucket_policy),
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Trail": {"Type": "AWS::CloudTrail::Trail", "DependsOn": "BucketPolicy", "Properties": trail},
    }


@pytest.fixture(scope="module")
def trail(stack: Deploy, client: Client) -> Iterator[Stack]:
    made = stack(template(), Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Trail", "Arn"]}}})
    yield made
    deploy(client, {"Resources": {"Group": {"Type": "AWS::Logs::LogGroup"}}}, name=made.name)


def in_the_group(client: Client, trail: Stack, name: str) -> list[dict[str, Any]]:
    lines = client("logs").filter_log_events(logGroupName=trail.ids["Group"])["events"]
    return [event for line in lines if (event := json.loads(line["message"]))["eventName"] == name]


def in_the_bucket(client: Client, trail: Stack, name: str) -> list[dict[str, Any]]:
    s3, bucket = client("s3"), trail.ids["Bucket"]
    found = []
    for listed in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        raw = s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
        found += [event | {"_key": listed["Key"]} for event in json.loads(gzip.decompress(raw))["Records"]]
    return [event for event in found if event["eventName"] == name]


def test_a_refused_call_is_told_with_who_what_and_why(client: Client, trail: Stack, eventually: Wait) -> None:
    iam, account = client("iam"), client("sts").get_caller_identity()["Account"]
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="contract-stranger", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="tries")["Credentials"]
    stranger = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    value = secrets.token_hex(8)
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.client("secretsmanager").create_secret(Name="contract-mine", SecretString=value)

    (event,) = eventually(lambda: in_the_group(client, trail, "CreateSecret"))
    assert event["userIdentity"]["type"] == "AssumedRole"
    assert event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == role
    assert (event["eventSource"], event["errorCode"]) == (
        "secretsmanager.amazonaws.com",
        "AccessDeniedException",
    )
    assert "secretsmanager:CreateSecret" in event["errorMessage"]
    assert event["requestParameters"] == {"name": "contract-mine"}
    assert value not in json.dumps(event)

    (filed,) = eventually(lambda: in_the_bucket(client, trail, "CreateSecret"))
    key = filed.pop("_key")
    assert filed == event
    assert key.startswith(f"AWSLogs/{account}/CloudTrail/eu-central-1/20")
    assert key.endswith(".json.gz")

    attribute = {"AttributeKey": "EventName", "AttributeValue": "CreateSecret"}
    history = client("cloudtrail").lookup_events(LookupAttributes=[attribute])["Events"]
    assert event in [json.loads(known["CloudTrailEvent"]) for known in history]


def test_data_events_are_told_as_the_selectors_say(client: Client, trail: Stack, eventually: Wait) -> None:
    s3 = client("s3")
    watched, other = (f"contract-{kind}-{secrets.token_hex(4)}" for kind in ("watched", "other"))
    for bucket in (watched, other):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_object(Bucket=bucket, Key="a/b.txt", Body=b"content")
        s3.get_object(Bucket=bucket, Key="a/b.txt")
        s3.delete_object(Bucket=bucket, Key="a/b.txt")
    s3.delete_public_access_block(Bucket=watched)
    (event,) = eventually(lambda: in_the_group(client, trail, "DeleteBucketPublicAccessBlock"))
    assert event["requestParameters"] == {"bucketName": watched}
    (event,) = in_the_group(client, trail, "PutObject")
    assert event["requestParameters"] == {"bucketName": watched, "key": "a/b.txt"}
    assert (event["eventCategory"], event["readOnly"]) == ("Data", False)
    assert event["resources"][0]["ARN"] == f"arn:aws:s3:::{watched}/a/b.txt"
    assert len(in_the_group(client, trail, "DeleteObject")) == 1
    assert in_the_group(client, trail, "GetObject") == []


def test_a_stopped_trail_tells_nothing(client: Client, trail: Stack, eventually: Wait) -> None:
    cloudtrail = client("cloudtrail")
    assert trail.outputs["Arn"].endswith(f":trail/{TRAIL}")
    assert cloudtrail.get_trail_status(Name=TRAIL)["IsLogging"]
    cloudtrail.stop_logging(Name=TRAIL)
    client("iam").list_roles()
    cloudtrail.start_logging(Name=TRAIL)
    client("iam").list_users()
    eventually(lambda: in_the_group(client, trail, "ListUsers"))
    assert in_the_group(client, trail, "ListRoles") == []


def test_a_trail_that_may_not_deliver_is_not_made(stack: Deploy) -> None:
    other = template(put=False)
    other["Trail"]["Properties"]["TrailName"] = "contract-other"
    with pytest.raises(StackFailed, match="Incorrect S3 bucket policy"):
        stack(other)


def test_what_stops_a_trail_is_the_last_that_it_tells(client: Client, trail: Stack, eventually: Wait) -> None:
    before = len(in_the_group(client, trail, "StopLogging"))
    client("cloudtrail").stop_logging(Name=TRAIL)
    eventually(lambda: len(in_the_group(client, trail, "StopLogging")) > before)
    client("cloudtrail").start_logging(Name=TRAIL)
