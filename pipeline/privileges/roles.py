"""The roles of all templates and everything they are granted, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.errors import DeployError
from deploy.templates import Template
from privileges.names import Names

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


Key = tuple[str, str, str, str]
"""Role, statement, resource and action of a grant."""


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource, as a statement of one of the role's policies allows it.

    ``role`` is ``workers.WriteRole``; ``place`` is the resource's place in the statement, by which the
    deployed statement is compared, and ``stack`` the one whose template has the statement.
    """

    role: str
    sid: str
    resource: str
    action: str
    place: int = field(compare=False)
    stack: str = field(compare=False)

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.role, self.sid, self.resource, self.action


DELIVERY_BOUNDARY = "DeliveryBoundary"


@dataclass(frozen=True)
class Role:
    """A role: whose it is, what it is granted, and the reasons written for grants that nobody uses."""

    name: str
    holder: str
    trusts: frozenset[str]
    optional: bool
    grants: tuple[Grant, ...]
    unused: Mapping[str, str]

    def reason(self, grant: Grant) -> str | None:
        """The written reason for a grant that is not used, by its statement or its action."""
        return self.unused.get(grant.sid) or self.unused.get(grant.action)


def read(templates: Sequence[Template], names: Names) -> dict[str, Role]:
    """Every role of ``templates`` by name; DeployError where one cannot be compared.

    Without those of pipelines: what CloudFormation does as one of them nobody records, and `tools` compares
    it with the handlers of the resource types.
    """
    managed = {
        f"{template.stack}.{name}": (template, resource)
        for template in templates
        for name, resource in template.resources.items()
        if resource["Type"] in POLICIES
    }
    attached: dict[str, list[str]] = {}
    for policy, (template, resource) in managed.items():
        for role in resource["Properties"].get("Roles") or []:
            attached.setdefault(names.of(template, role), []).append(policy)
    roles = {}
    for template in templates:
        for logical_id, resource in template.resources.items():
            if resource["Type"] == "AWS::IAM::Role" and not _of_pipelines(resource):
                name = f"{template.stack}.{logical_id}"
                more = [managed[policy] for policy in attached.get(name, [])]
                roles[name] = _role(template, logical_id, names, managed, more)
    return roles


def _of_pipelines(role: Any) -> bool:
    return bool(role["Properties"].get("PermissionsBoundary") == {"Ref": DELIVERY_BOUNDARY})


def _role(
    template: Template,
    logical_id: str,
    names: Names,
    managed: Mapping[str, tuple[Template, Any]],
    attached: Sequence[tuple[Template, Any]],
) -> Role:
    resource = template.resources[logical_id]
    properties = resource["Properties"]
    name = f"{template.stack}.{logical_id}"
    documents = [(template, policy["PolicyDocument"]) for policy in properties.get("Policies") or []]
    arns = [names.of(template, arn) for arn in properties.get("ManagedPolicyArns") or []]
    for where, policy in [*(managed[arn] for arn in arns if arn in managed), *attached]:
        documents.append((where, policy["Properties"]["PolicyDocument"]))
    grants = [
        grant for where, document in documents for grant in _grants(name, where, document["Statement"], names)
    ]
    _refuse_twins(name, grants)
    return Role(
        name=name,
        holder=_holder(template, logical_id, names),
        trusts=frozenset(_trusted(properties["AssumeRolePolicyDocument"])),
        optional="Condition" in resource,
        grants=tuple(sorted(grants)),
        unused=((resource.get("Metadata") or {}).get("wotr") or {}).get("unused") or {},
    )


def _grants(role: str, template: Template, statements: Any, names: Names) -> Iterator[Grant]:
    for statement in listed(statements):
        if statement["Effect"] != "Allow":
            continue
        for place, resource in enumerate(listed(statement["Resource"])):
            for action in listed(statement["Action"]):
                sid, what = statement.get("Sid", ""), names.of(template, resource)
                yield Grant(role, sid, what, action, place, template.stack)


def _refuse_twins(role: str, grants: Sequence[Grant]) -> None:
    """A statement is told from others by its Sid; a grant that is written twice hides a needless one."""
    seen: dict[tuple[str, str], str] = {}
    for grant in grants:
        if not grant.sid:
            raise DeployError(f"{role}: give each statement a Sid, by which its use can be told")
        other = seen.setdefault((grant.action, grant.resource), grant.sid)
        if other != grant.sid:
            raise DeployError(
                f"{role}: {other} and {grant.sid} both grant {grant.action} on {grant.resource}"
            )


def _holder(template: Template, role: str, names: Names) -> str:
    """The function or task that has the role, else the role itself."""
    mine = f"{template.stack}.{role}"
    for name, resource in template.resources.items():
        properties = resource.get("Properties") or {}
        if resource["Type"] in FUNCTIONS and names.of(template, properties.get("Role", "")) == mine:
            return f"{template.stack}.{name}"
        if (
            resource["Type"] == "AWS::ECS::TaskDefinition"
            and names.of(template, properties["TaskRoleArn"]) == mine
        ):
            return f"{template.stack}.{name}"
    return mine


def _trusted(document: Any) -> Iterator[str]:
    for statement in listed(document["Statement"]):
        yield from (str(each) for each in listed(statement["Principal"].get("Service", [])))


def listed(value: Any) -> list[Any]:
    """One value, or a list, as a list."""
    return value if isinstance(value, list) else [value]
