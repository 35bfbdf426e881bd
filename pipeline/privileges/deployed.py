"""What a running stage says: the policies of its roles as IAM has them, and the calls that were recorded."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import unquote

import boto3

from privileges.roles import Grant, Role, listed

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

CALLS = "/_wotr/calls"


class NotRecorded(Exception):
    """The cloud was not asked to record calls, or cannot."""


@dataclass(frozen=True)
class Call:
    """One kind of call that was made with a role, in some suites."""

    role: str
    session: str
    action: str
    resource: str
    decision: str
    suites: frozenset[str]

    @property
    def allowed(self) -> bool:
        """Whether IAM let it."""
        return self.decision == "Allow"


@dataclass(frozen=True)
class Statement:
    """A statement as IAM has it, its one value always as a list."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditional: bool

    def covers(self, action: str, resource: str) -> bool:
        """Whether it speaks of that action on that resource; conditions are not looked at."""
        return any(fnmatchcase(action, pattern) for pattern in self.actions) and any(
            fnmatchcase(resource, pattern) for pattern in self.resources
        )


@dataclass(frozen=True)
class Deployed:
    """One role as it is deployed."""

    name: str
    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...]

    def pattern(self, grant: Grant) -> str | None:
        """The ARN that the deployed statement allows where the template has ``grant``, None if none."""
        for statement in self.statements:
            if statement.sid == grant.sid and statement.allows and grant.action in statement.actions:
                return statement.resources[grant.place] if grant.place < len(statement.resources) else None
        return None

    def grants(self, action: str, resource: str) -> bool:
        """Whether a statement of the role's own allows that, within the boundary."""
        own = any(each.allows and each.covers(action, resource) for each in self.statements)
        return own and self.is_bounded(action, resource)

    def is_bounded(self, action: str, resource: str) -> bool:
        """Whether the boundary lets a grant have its effect."""
        denied = any(
            not each.allows and not each.conditional and each.covers(action, resource)
            for each in self.boundary
        )
        return not denied and any(each.allows and each.covers(action, resource) for each in self.boundary)


def physical_ids(stage: str, stacks: Mapping[str, str]) -> dict[str, str]:
    """The physical id of each resource of the stage, by ``stack.LogicalId``; ``stacks``: names by stack."""
    client = boto3.client("cloudformation")
    found = {}
    for stack, pattern in stacks.items():
        name = pattern.replace("${Stage}", stage)
        try:
            pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
            summaries = [each for page in pages for each in page["StackResourceSummaries"]]
        except client.exceptions.ClientError as error:
            if "does not exist" not in str(error):
                raise
            continue
        for each in summaries:
            if "PhysicalResourceId" in each:
                found[f"{stack}.{each['LogicalResourceId']}"] = each["PhysicalResourceId"]
    return found


def roles(known: Mapping[str, Role], ids: Mapping[str, str]) -> dict[str, Deployed]:
    """The deployed ones of the ``known`` roles, by their name in the templates."""
    client = boto3.client("iam")
    return {name: _role(client, ids[name]) for name in known if name in ids}


def calls() -> list[Call]:
    """What the local cloud recorded so far; NotRecorded where nothing does."""
    endpoint = boto3.client("iam").meta.endpoint_url
    try:
        with urllib.request.urlopen(f"{endpoint}{CALLS}") as answer:  # noqa: S310 - IAM's own address
            told = json.load(answer)["calls"]
    except (HTTPError, ValueError, KeyError) as error:
        raise NotRecorded(f"{endpoint} records no calls of roles") from error
    return [Call(**{**call, "suites": frozenset(call["suites"])}) for call in told]


def _role(client: IAMClient, name: str) -> Deployed:
    documents: list[Any] = [
        client.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in client.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    attached = client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    arns = [policy["PolicyArn"] for policy in attached]
    # AWS's own policies are not ours to judge.
    documents += [_managed(client, arn) for arn in arns if ":aws:policy/" not in arn]
    boundary = client.get_role(RoleName=name)["Role"].get("PermissionsBoundary")
    limit = [_managed(client, boundary["PermissionsBoundaryArn"])] if boundary else []
    return Deployed(name, tuple(_statements(documents)), tuple(_statements(limit)))


def _managed(client: IAMClient, arn: str) -> Any:
    version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _statements(documents: list[Any]) -> Iterator[Statement]:
    for document in documents:
        read = json.loads(unquote(document)) if isinstance(document, str) else document
        for statement in listed(read["Statement"]):
            yield Statement(
                statement.get("Sid", ""),
                statement["Effect"] == "Allow",
                tuple(listed(statement["Action"])),
                tuple(listed(statement["Resource"])),
                "Condition" in statement,
            )
