"""The deployed stage as tests see it: patience, and queues that hear its topics and bus."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import boto3

from wotr_common.messages import Outcome

STAGE = os.environ.get("WOTR_STAGE", "dev")
PATIENCE_S = 60.0
T = TypeVar("T")
Ask = Callable[..., Outcome]  # what the fixture `ask` gives


def eventually(look: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """What `look` finds once it `holds`; fails with the last finding when patience ends."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if holds(found):
            return found
        assert time.monotonic() < end, f"still {found!r} after {PATIENCE_S:.0f} s"
        time.sleep(0.1)


def physical(logical_id: str) -> str:
    """The deployed resource's name."""
    found = boto3.client("cloudformation").describe_stack_resource(
        StackName=f"wotr-workers-{STAGE}", LogicalResourceId=logical_id
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


@contextmanager
def denied(role: str, action: str) -> Iterator[None]:
    """A role that may not do something for a while."""
    iam, name = boto3.client("iam"), physical(role)
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="denied-by-a-test", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="denied-by-a-test")


class Ear:
    """A queue that hears a topic or a bus."""

    def __init__(self) -> None:
        self._sqs = boto3.client("sqs")
        self.url = self._sqs.create_queue(QueueName=f"wotr-test-{secrets.token_hex(6)}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]
        speakers = ["sns.amazonaws.com", "events.amazonaws.com"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": speakers},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        self._heard: list[dict[str, Any]] = []

    def heard(self) -> list[dict[str, Any]]:
        """All JSON bodies so far."""
        found = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in found.get("Messages", []):
            self._heard.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self._heard

    def close(self) -> None:
        self._sqs.delete_queue(QueueUrl=self.url)
