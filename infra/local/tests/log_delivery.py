"""A log group whose events go to a bucket through Firehose, for contract tests."""

from __future__ import annotations

import time
from typing import Any

from stack import Client

ANY_ROLE = "arn:aws:iam::000000000000:role/any"
UNPACK = [
    {
        "Type": "Decompression",
        "Parameters": [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}],
    },
    {
        "Type": "CloudWatchLogProcessing",
        "Parameters": [{"ParameterName": "DataMessageExtraction", "ParameterValue": "true"}],
    },
    {
        "Type": "AppendDelimiterToRecord",
        "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
    },
]


def subscribed(processors: list[dict[str, Any]], pattern: str = "") -> dict[str, Any]:
    """A log group whose events go to a bucket through Firehose."""
    destination: dict[str, Any] = {
        "BucketARN": {"Fn::GetAtt": ["Bucket", "Arn"]},
        "RoleARN": ANY_ROLE,
        "Prefix": "logs/",
    }
    if processors:
        destination["ProcessingConfiguration"] = {"Enabled": True, "Processors": processors}
    return {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Log": {"Type": "AWS::Logs::LogGroup"},
        "Stream": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {"ExtendedS3DestinationConfiguration": destination},
        },
        "Subscription": {
            "Type": "AWS::Logs::SubscriptionFilter",
            "Properties": {
                "LogGroupName": {"Ref": "Log"},
                "FilterPattern": pattern,
                "DestinationArn": {"Fn::GetAtt": ["Stream", "Arn"]},
                "RoleArn": ANY_ROLE,
            },
        },
    }


def put(client: Client, group: str, *messages: str) -> None:
    logs = client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def objects(client: Client, bucket: str) -> list[bytes]:
    s3 = client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix="logs/").get("Contents", [])
    return [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]
