"""A stack on its way to where an action wants it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from threading import Event
from typing import Any

from botocore.exceptions import ClientError

STABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
"""What a stack can be updated from."""
GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}

_STACK = "AWS::CloudFormation::Stack"
_BEGINNINGS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}
_ROLLED_BACK = {
    "ROLLBACK_COMPLETE": "what had been made is deleted again",
    "UPDATE_ROLLBACK_COMPLETE": "it is what it was before",
}
_FIRST_PAUSE, _PAUSE = 0.05, 0.5


class Stopped(Exception):
    """Nobody wants to know any longer what becomes of it."""


def describe(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """The stack with a name or id; None where there is none, or it has been deleted."""
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # The API answers a general ValidationError; only its text tells this case.
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def ticks(stop: Event) -> Iterator[None]:
    """Moments to look again, dense at first; raises Stopped once ``stop`` is set."""
    pause = _FIRST_PAUSE
    while True:
        yield
        if stop.wait(pause):
            raise Stopped
        pause = min(pause * 1.4, _PAUSE)


def settled(cloudformation: Any, stack_id: str, stop: Event) -> dict[str, Any] | None:
    """Wait for the end of what is being done to a stack; the stack, None where it is gone."""
    for _ in ticks(stop):
        stack = describe(cloudformation, stack_id)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
    raise AssertionError("the ticks go on")


def failure(cloudformation: Any, stack: dict[str, Any]) -> str:
    """Why the stack's last operation did not get where it should, and what became of the stack."""
    status = stack["StackStatus"]
    aftermath = f" ({_ROLLED_BACK[status]})" if status in _ROLLED_BACK else ""
    return f"{stack['StackName']} ended in {status}{aftermath}: {_cause(cloudformation, stack)}"


def _cause(cloudformation: Any, stack: dict[str, Any]) -> str:
    """The first resource that failed by itself: what was cancelled with it says nothing."""
    own: list[str] = []
    for event in reversed(list(_last_operation(cloudformation, stack))):
        status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
        if event["ResourceType"] == _STACK and event["PhysicalResourceId"] == stack["StackId"]:
            if reason and status not in _BEGINNINGS:
                own.append(reason)
        elif status.endswith("_FAILED") and "cancelled" not in reason.lower():
            return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason or status}"
    return next(iter(own), stack.get("StackStatusReason") or "no resource gave a reason; see its events")


def _last_operation(cloudformation: Any, stack: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Events since the stack's last operation began, newest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack["StackId"])
    events = itertools.chain.from_iterable(page["StackEvents"] for page in pages)
    for event in events:
        yield event
        if event["PhysicalResourceId"] == stack["StackId"] and event["ResourceStatus"] in _BEGINNINGS:
            return
