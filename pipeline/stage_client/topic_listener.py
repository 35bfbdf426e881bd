"""A queue of its own that listens to a topic, as a downstream service would."""

from __future__ import annotations

import json
import secrets
from typing import Any

import boto3


class TopicListener:
    """Subscribes a new queue to `topic_arn`; `messages` are the JSON bodies heard so far."""

    def __init__(self, topic_arn: str) -> None:
        self._sqs = boto3.client("sqs")
        self._sns = boto3.client("sns")
        self._url = self._sqs.create_queue(QueueName=f"wotr-listener-{secrets.token_hex(6)}")["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
                }
            ],
        }
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": json.dumps(policy)})
        self._subscription = self._sns.subscribe(
            TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        self._heard: list[dict[str, Any]] = []

    def messages(self) -> list[dict[str, Any]]:
        """Everything heard so far, oldest first; waits up to a second for more."""
        got = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in got.get("Messages", []):
            self._heard.append(json.loads(json.loads(message["Body"])["Message"]))
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self._heard

    def close(self) -> None:
        """Unsubscribe and remove the queue."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._url)
