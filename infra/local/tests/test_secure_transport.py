"""Gap: a call on this machine counts as a call over TLS."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Stack, Wait, allow, role

ACCOUNT_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
            "Action": "sts:AssumeRole",
        }
    ],
}


def tls_only(action: str, resource: Any, *more: dict[str, Any]) -> dict[str, Any]:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [deny, *more]}


@pytest.fixture(scope="module")
def made(stack: Deploy) -> Stack:
    objects = {"Fn::Sub": "${Bucket.Arn}/*"}
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    from_topic = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    return stack(
        {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "BucketPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": tls_only("s3:*", objects)},
            },
            "Queue": {"Type": "AWS::SQS::Queue"},
            "QueuePolicy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": tls_only("sqs:*", queue, from_topic),
                },
            },
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"Subscription": [{"Protocol": "sqs", "Endpoint": queue}]},
            },
            "Caller": role(
                allow("s3:PutObject", objects),
                allow("sqs:SendMessage", queue),
                AssumeRolePolicyDocument=ACCOUNT_MAY_ASSUME,
            ),
        },
        Outputs={"CallerArn": {"Value": {"Fn::GetAtt": ["Caller", "Arn"]}}},
    )


@pytest.fixture(scope="module")
def caller(made: Stack, client: Client) -> Client:
    """Clients of a role that is not root: policies apply to it."""
    issued = client("sts").assume_role(RoleArn=made.outputs["CallerArn"], RoleSessionName="contract")
    keys = issued["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    make: Client = session.client
    return make


def test_a_role_may_use_a_bucket_and_a_queue_that_deny_plain_http(made: Stack, caller: Client) -> None:
    caller("s3").put_object(Bucket=made.ids["Bucket"], Key="allowed", Body=b"x")
    caller("sqs").send_message(QueueUrl=made.ids["Queue"], MessageBody="from the role")


def test_what_the_role_was_not_granted_stays_denied(made: Stack, caller: Client) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        caller("s3").get_object(Bucket=made.ids["Bucket"], Key="allowed")


def test_a_topic_delivers_to_a_queue_that_denies_plain_http(
    made: Stack, client: Client, eventually: Wait
) -> None:
    client("sns").publish(TopicArn=made.ids["Topic"], Message="from the topic")

    def bodies() -> list[str]:
        received = client("sqs").receive_message(QueueUrl=made.ids["Queue"], MaxNumberOfMessages=10)
        return [
            message["Body"] for message in received.get("Messages", []) if "from the topic" in message["Body"]
        ]

    assert eventually(bodies)
