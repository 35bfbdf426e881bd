"""Waiting for what happens behind a queue."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

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
    found = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(value) for value in found["Attributes"].values())
