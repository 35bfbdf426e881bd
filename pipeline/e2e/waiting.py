"""Waiting for what happens behind a queue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import boto3

T = TypeVar("T")
PATIENCE_S = 90.0


def eventually(
    look: Callable[[], T], holds: Callable[[T], bool], what: str, patience_s: float = PATIENCE_S
) -> T:
    """What `look` finds once it `holds`; AssertionError with the last finding when patience ends."""
    end = time.monotonic() + patience_s
    while True:
        found = look()
        if holds(found):
            return found
        assert time.monotonic() < end, f"{what}: still {found!r} after {patience_s:.0f} s"
        time.sleep(0.1)


def depth(queue_url: str) -> int:
    """Messages in a queue, waiting or in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())


class Subscriber:
    """A queue of the test's own that listens to a topic, as a downstream service would."""

    def __init__(self, topic_arn: str, name: str) -> None:
        self._sqs = boto3.client("sqs")
        self._sns = boto3.client("sns")
        self.url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
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
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})
        self._subscription = self._sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)[
            "SubscriptionArn"
        ]
        self._heard: list[dict[str, Any]] = []

    def heard(self) -> list[dict[str, Any]]:
        """Every message so far, oldest first."""
        got = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in got.get("Messages", []):
            self._heard.append(json.loads(json.loads(message["Body"])["Message"]))
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self._heard

    def of_import(self, import_id: str) -> dict[str, Any]:
        """The message about one import."""
        found = eventually(
            lambda: [said for said in self.heard() if said["importId"] == import_id],
            bool,
            f"import {import_id}",
        )
        return found[0]

    def close(self) -> None:
        """Unsubscribe and remove the queue."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self.url)
