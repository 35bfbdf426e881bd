"""A prepared change set as an approver reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from deploy.changesets import Change
from stage_client import StageError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

NOTHING = "no change"
LIMIT = 600  # characters, of the thousand that an approval's text may have
# Made anew with each change of a function, which is told.
_FOLLOWS = ("AWS::Lambda::Version", "AWS::Lambda::Alias")
_EMPTY = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class ChangeSet:
    """A change set: ``waits`` while it can still be executed; ``changes`` is empty where nothing would."""

    name: str
    waits: bool
    changes: tuple[Change, ...]


def of(stack: str, name: str = "", cloudformation: CloudFormationClient | None = None) -> ChangeSet:
    """The change set ``name`` of a stack, or its newest.

    Raises
    ------
    StageError
        If there is none, or it failed for another reason than that nothing changes.
    """
    client = cloudformation or boto3.client("cloudformation")
    found = name or _newest(client, stack)
    pages = client.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=found)
    described = list(pages)
    status, reason = described[0]["Status"], described[0].get("StatusReason", "")
    if status == "FAILED" and not any(text in reason for text in _EMPTY):
        raise StageError(f"change set {found} of {stack} failed: {reason}")
    changes = tuple(
        Change(
            change["ResourceChange"]["LogicalResourceId"],
            change["ResourceChange"]["ResourceType"],
            change["ResourceChange"]["Action"],
            change["ResourceChange"].get("Replacement") == "True",
        )
        for page in described
        for change in page.get("Changes", [])
    )
    waits = described[0].get("ExecutionStatus") == "AVAILABLE"
    return ChangeSet(described[0].get("ChangeSetName", found), waits, changes)


def sentence(found: ChangeSet) -> str:
    """``1 Remove: X; 2 Modify: QueryFunction, StatsFunction; replaced: none``, cut where it gets too long."""
    if not found.changes:
        return NOTHING
    told = [each for each in found.changes if each.type not in _FOLLOWS]
    replaced = [each.logical_id for each in told if each.replaced]
    parts = []
    for action in ("Remove", "Modify", "Add", "Import", "Dynamic"):
        names = [each.logical_id for each in told if each.action == action]
        if names:
            parts.append(f"{len(names)} {action}: {_listed(names)}")
    parts.append(f"replaced: {_listed(replaced) if replaced else 'none'}")
    whole = "; ".join(parts)
    return whole if len(whole) <= LIMIT else whole[: LIMIT - 1] + "…"


def lines(found: ChangeSet) -> list[str]:
    """Every change, one a line, those that replace something first."""
    ordered = sorted(found.changes, key=lambda each: (not each.replaced, each.type, each.logical_id))
    return [
        f"{'replaces' if each.replaced else each.action:<9}{each.type:<36} {each.logical_id}"
        for each in ordered
    ]


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _newest(client: CloudFormationClient, stack: str) -> str:
    found = [
        summary
        for page in client.get_paginator("list_change_sets").paginate(StackName=stack)
        for summary in page["Summaries"]
    ]
    if not found:
        raise StageError(f"{stack} has no change set: prepare one first")
    return str(max(found, key=lambda each: each["CreationTime"])["ChangeSetName"])
