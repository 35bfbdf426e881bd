"""Gap: who sends to an encrypted queue or topic, or reads from one, needs its key."""

from __future__ import annotations

from typing import Any

import pytest
from stack import Client, Deploy, Invoke, Stack, Wait, allow, function, role

CALLS = """
import os
import boto3
from botocore.exceptions import ClientError

def outcome(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"

def handler(event, context):
    if "Records" in event:
        return None
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    queue, topic = os.environ["QUEUE"], os.environ["TOPIC"]
    return [
        outcome(sqs.send_message, QueueUrl=queue, MessageBody="x"),
        outcome(sqs.receive_message, QueueUrl=queue),
        outcome(sns.publish, TopicArn=topic, Message="x"),
    ]
"""
QUEUE, TOPIC, KEY = {"Fn::GetAtt": ["Queue", "Arn"]}, {"Ref": "Topic"}, {"Fn::GetAtt": ["Key", "Arn"]}
ACCOUNT = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}
MESSAGES = (
    allow(
        ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        [QUEUE, {"Fn::GetAtt": ["Fed", "Arn"]}, {"Fn::GetAtt": ["Taken", "Arn"]}],
    ),
    allow("sns:Publish", TOPIC),
)


def key(*statements: dict[str, Any]) -> dict[str, Any]:
    through_iam = {"Effect": "Allow", "Principal": ACCOUNT, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [through_iam, *statements]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}


def encrypted_queue(key: str = "Key") -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Fn::GetAtt": [key, "Arn"]}}}


def calling(role_id: str) -> dict[str, Any]:
    environment = {"Variables": {"QUEUE": {"Ref": "Queue"}, "TOPIC": TOPIC}}
    return function(CALLS, role_id, Environment=environment)


def source(queue: str, function: str) -> dict[str, Any]:
    properties = {"EventSourceArn": {"Fn::GetAtt": [queue, "Arn"]}, "FunctionName": {"Ref": function}}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}


@pytest.fixture(scope="module")
def made(stack: Deploy) -> Stack:
    return stack(
        {
            "Key": key(),
            "Queue": encrypted_queue(),
            "Fed": encrypted_queue(),
            "Taken": encrypted_queue(),
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": KEY}},
            "BothRole": role(*MESSAGES, allow(["kms:GenerateDataKey", "kms:Decrypt"], KEY)),
            "ReadRole": role(*MESSAGES, allow("kms:Decrypt", KEY)),
            "NoneRole": role(*MESSAGES),
            **{each: calling(f"{each}Role") for each in ("Both", "Read", "None")},
            "FedSource": source("Fed", "None"),
            "TakenSource": source("Taken", "Read"),
        }
    )


def test_whoever_lacks_the_key_is_told_so(made: Stack, invoke: Invoke) -> None:
    queue, topic = "KmsAccessDenied", "KMSAccessDenied"
    assert invoke(made.ids["Both"], {})[0] == ["allowed"] * 3
    assert invoke(made.ids["Read"], {})[0] == [queue, "allowed", topic]
    assert invoke(made.ids["None"], {})[0] == [queue, queue, topic]


def test_an_event_source_gets_nothing_until_its_function_may_use_the_key(
    made: Stack, client: Client, eventually: Wait
) -> None:
    sqs = client("sqs")
    sqs.send_message(QueueUrl=made.ids["Fed"], MessageBody="waits")

    def left(queue: str) -> tuple[int, int]:
        """Messages that wait, and those that were received and not yet deleted."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=made.ids[queue], AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    # A queue whose function may read it is emptied meanwhile: the poller came round.
    sqs.send_message(QueueUrl=made.ids["Taken"], MessageBody="taken")
    assert eventually(lambda: left("Taken") == (0, 0))
    assert left("Fed") == (1, 0)
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}'
    client("iam").put_role_policy(RoleName=made.ids["NoneRole"], PolicyName="key", PolicyDocument=policy)
    assert eventually(lambda: left("Fed") == (0, 0))
    client("iam").delete_role_policy(RoleName=made.ids["NoneRole"], PolicyName="key")


def test_a_topic_delivers_to_an_encrypted_queue_only_where_the_keys_policy_lets_it(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    queues = {"Open": encrypted_queue("Lets"), "Closed": encrypted_queue("Key")}
    arns = [{"Fn::GetAtt": [name, "Arn"]} for name in queues]
    from_topic = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arns,
    }
    made = stack(
        {
            "Key": key(),
            "Lets": key(service),
            **queues,
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": name} for name in queues],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [from_topic]},
                },
            },
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"Subscription": [{"Protocol": "sqs", "Endpoint": arn} for arn in arns]},
            },
        }
    )
    client("sns").publish(TopicArn=made.ids["Topic"], Message="told")

    def received(name: str) -> list[Any]:
        found: list[Any] = client("sqs").receive_message(QueueUrl=made.ids[name]).get("Messages", [])
        return found

    assert eventually(lambda: received("Open"))
    assert not received("Closed")
