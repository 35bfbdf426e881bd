"""One stack, deployed by a change set: created, looked at, executed, watched to its end.

Never a bare create or update: a change set tells beforehand what would change, and that nothing would.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from deploy.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        CreateChangeSetInputTypeDef,
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
        StackEventTypeDef,
        StackTypeDef,
    )

Kind = Literal["CREATE", "UPDATE"]

CAPABILITIES: tuple[Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"], ...] = (
    "CAPABILITY_IAM",
    "CAPABILITY_NAMED_IAM",
    "CAPABILITY_AUTO_EXPAND",
)

_STABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_STACK = "AWS::CloudFormation::Stack"
# CloudFormation has no code for an empty change set, only these reasons.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_WAIT_SECONDS = 3600.0


class StackFailed(DeployError):
    """A stack did not get where it should; the text names the resource and its reason."""


@dataclass(frozen=True)
class Change:
    """One resource of a change set; ``action`` is Add, Modify or Remove."""

    logical_id: str
    type: str
    action: str
    replaced: bool


@dataclass(frozen=True)
class Event:
    """One stack event."""

    logical_id: str
    type: str
    status: str
    reason: str


@dataclass(frozen=True)
class Request:
    """What to deploy: exactly one of ``template_url`` and ``template_body``.

    ``parameters`` holds the values to set; others that the deployed stack was given explicitly are kept.
    """

    stack_name: str
    parameters: Mapping[str, str]
    template_url: str | None = None
    template_body: str | None = None
    declared: frozenset[str] = frozenset()  # all parameters of the template
    tags: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of the stack: ``action`` is created, updated or unchanged."""

    action: str
    changes: tuple[Change, ...]


def deploy(
    cloudformation: CloudFormationClient, request: Request, watch: Callable[[Event], None] = lambda _: None
) -> Outcome:
    """Bring the stack to the request's template and parameters.

    Raises
    ------
    StackFailed
        If the change set or its execution fails, or the stack is in a state that needs a person.
    """
    return _Stack(cloudformation, request.stack_name).deploy(request, watch)


def kept(cloudformation: CloudFormationClient, request: Request) -> dict[str, str]:
    """The parameters, with their values, that deploying the request would leave as the stack has them."""
    stack = _Stack(cloudformation, request.stack_name)
    described = stack.describe()
    return stack.kept(request, described) if described else {}


class _Stack:
    """One stack of this name, whether it exists yet or not."""

    def __init__(self, cloudformation: CloudFormationClient, name: str) -> None:
        self._cloudformation = cloudformation
        self._name = name

    def deploy(self, request: Request, watch: Callable[[Event], None]) -> Outcome:
        stack = self.describe()
        kind = self._kind(stack["StackStatus"] if stack else None)
        change_set = f"wotr-{uuid.uuid4().hex[:12]}"
        self._create(request, stack, kind, change_set)
        changes = self._wait_for_changes(change_set, kind)
        if changes is not None:
            self._execute(change_set, kind, watch)
        if request.protect and not (stack and stack.get("EnableTerminationProtection")):
            self._cloudformation.update_termination_protection(
                StackName=self._name, EnableTerminationProtection=True
            )
        if changes is None:
            return Outcome("unchanged", ())
        return Outcome("created" if kind == "CREATE" else "updated", changes)

    def describe(self) -> StackTypeDef | None:
        try:
            stack = self._cloudformation.describe_stacks(StackName=self._name)["Stacks"][0]
        except ClientError as error:
            # The API answers a general ValidationError; only its text tells this case.
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def _kind(self, status: str | None) -> Kind:
        """CREATE or UPDATE; clears away what a failed first deployment left."""
        if status is None or status == "REVIEW_IN_PROGRESS":
            return "CREATE"
        if status == "ROLLBACK_COMPLETE":  # never came up: holds nothing, can only be deleted
            self._cloudformation.delete_stack(StackName=self._name)
            self._wait_until_deleted()
            return "CREATE"
        if status in _STABLE:
            return "UPDATE"
        if status.endswith("_IN_PROGRESS"):
            advice = "Someone else is deploying it; wait until that has ended and try again."
        elif status == "UPDATE_ROLLBACK_FAILED":
            command = f"aws cloudformation continue-update-rollback --stack-name {self._name}"
            advice = f"Put the cause right, then: {command}"
        else:
            command = f"aws cloudformation delete-stack --stack-name {self._name}"
            advice = f"Look at its events, then delete it: {command}"
        raise StackFailed(f"{self._name} is in {status} and cannot be deployed to. {advice}")

    def _create(self, request: Request, stack: StackTypeDef | None, kind: Kind, change_set: str) -> None:
        parameters: list[ParameterTypeDef] = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in request.parameters.items()
        ]
        if kind == "UPDATE" and stack:
            kept = self.kept(request, stack)
            parameters += [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]
        order: CreateChangeSetInputTypeDef = {
            "StackName": self._name,
            "ChangeSetName": change_set,
            "ChangeSetType": kind,
            "Capabilities": CAPABILITIES,
            "Parameters": parameters,
            "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()],
        }
        if request.template_url:
            order["TemplateURL"] = request.template_url
        else:
            order["TemplateBody"] = request.template_body or ""
        try:
            self._cloudformation.create_change_set(**order)
        except ClientError as error:
            raise StackFailed(f"{self._name}: {error.response['Error']['Message']}") from error

    def kept(self, request: Request, stack: StackTypeDef) -> dict[str, str]:
        """Parameters that an earlier deployment set by hand: a value that is not its template's default.

        The others follow the new template's default, so that a changed default arrives.
        """
        values = {
            item["ParameterKey"]: item.get("ParameterValue", "") for item in stack.get("Parameters", [])
        }
        left_open = [name for name in sorted(request.declared - set(request.parameters)) if name in values]
        if not left_open:
            return {}
        summary = self._cloudformation.get_template_summary(StackName=self._name)
        defaults = {item["ParameterKey"]: item.get("DefaultValue") for item in summary.get("Parameters", [])}
        return {name: values[name] for name in left_open if values[name] != defaults.get(name)}

    def _wait_for_changes(self, change_set: str, kind: Kind) -> tuple[Change, ...] | None:
        """The changes of the change set, or None (and it is deleted) if there are none."""
        for _ in self._patience():
            found = self._cloudformation.describe_change_set(StackName=self._name, ChangeSetName=change_set)
            if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                break
        if found["Status"] == "CREATE_COMPLETE":
            return tuple(self._changes(change_set, found))
        reason = found.get("StatusReason", "no reason given")
        self._cloudformation.delete_change_set(StackName=self._name, ChangeSetName=change_set)
        if any(text in reason for text in _NO_CHANGES):
            return None
        if kind == "CREATE":  # the change set made an empty stack; leave nothing behind
            self._cloudformation.delete_stack(StackName=self._name)
        raise StackFailed(f"{self._name}: the change set failed: {reason}")

    def _changes(self, change_set: str, page: DescribeChangeSetOutputTypeDef) -> Iterator[Change]:
        while True:
            for change in page.get("Changes", []):
                resource = change["ResourceChange"]
                yield Change(
                    logical_id=resource["LogicalResourceId"],
                    type=resource["ResourceType"],
                    action=resource["Action"],
                    replaced=resource.get("Replacement") == "True",
                )
            token = page.get("NextToken")
            if not token:
                return
            page = self._cloudformation.describe_change_set(
                StackName=self._name, ChangeSetName=change_set, NextToken=token
            )

    def _execute(self, change_set: str, kind: Kind, watch: Callable[[Event], None]) -> None:
        last = next(iter(self._events()), None)
        seen = {last["EventId"]} if last else set()
        if kind == "CREATE":
            # What a failed first deployment created goes again, also what its template would retain.
            self._cloudformation.execute_change_set(
                StackName=self._name, ChangeSetName=change_set, RetainExceptOnCreate=True
            )
        else:
            self._cloudformation.execute_change_set(StackName=self._name, ChangeSetName=change_set)
        failures: list[Event] = []
        # The end is an event of the stack itself: its described status may still be the last deployment's.
        for _ in self._patience():
            for event in self._new_events(seen):
                watch(event)
                if event.status.endswith("_FAILED"):
                    failures.append(event)
                if event.logical_id == self._name and not event.status.endswith("_IN_PROGRESS"):
                    if event.status in _GOOD:
                        return
                    cause = _cause(failures, event.reason)
                    raise StackFailed(f"{self._name} ended in {event.status}: {cause}")

    def _new_events(self, seen: set[str]) -> list[Event]:
        """Events since those in ``seen``, oldest first; afterwards they are in ``seen``."""
        found = list(itertools.takewhile(lambda event: event["EventId"] not in seen, self._events()))
        seen.update(event["EventId"] for event in found)
        return [
            Event(
                logical_id=event.get("LogicalResourceId", ""),
                type=event.get("ResourceType", ""),
                status=event.get("ResourceStatus", ""),
                reason=event.get("ResourceStatusReason", ""),
            )
            for event in reversed(found)
        ]

    def _events(self) -> Iterator[StackEventTypeDef]:
        """The stack's events, newest first."""
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self._name)
        for page in pages:
            yield from page["StackEvents"]

    def _wait_until_deleted(self) -> None:
        for _ in self._patience():
            stack = self.describe()
            if stack is None:
                return
            if stack["StackStatus"] == "DELETE_FAILED":
                raise StackFailed(f"{self._name} cannot be deleted: {stack.get('StackStatusReason', '')}")

    def _patience(self) -> Iterator[None]:
        """Ticks that start dense and grow to three seconds: right for a laptop and polite to AWS."""
        deadline, pause = time.monotonic() + _WAIT_SECONDS, 0.05
        while time.monotonic() < deadline:
            yield
            time.sleep(pause)
            pause = min(pause * 1.4, 3.0)
        minutes = _WAIT_SECONDS / 60
        raise StackFailed(f"{self._name} has not settled within {minutes:.0f} minutes; see its events")


def _cause(failures: list[Event], stack_reason: str) -> str:
    """The first failure that is a cause: what was cancelled with it says nothing."""
    for event in failures:
        if "cancelled" not in event.reason.lower() and event.type != _STACK:
            return f"{event.logical_id} ({event.type}): {event.reason or event.status}"
    return stack_reason or "no resource gave a reason; see the stack's events"
