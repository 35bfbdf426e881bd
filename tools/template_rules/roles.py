"""What roles and policies may say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfnlint.template import Template

from tools.template_rules import _house


class Boundary(_house.HouseRule):
    """The boundary is the most a role of a stack can ever do, whatever its policies say."""

    id = "E9005"
    shortdesc = "A role has a permissions boundary"
    description = "PermissionsBoundary is set on every AWS::IAM::Role"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for name, properties in _house.resources(cfn, "AWS::IAM::Role").items():
            if not list(_house.alternatives(properties.get("PermissionsBoundary"))):
                yield (
                    ["Resources", name],
                    f"{name} needs PermissionsBoundary: that of platform",
                )


class Wildcards(_house.HouseRule):
    """A grant of everything is sometimes right; then its reason stands beside it, by the statement's Sid."""

    id = "E9006"
    shortdesc = 'No "*" is granted without a written reason'
    description = "An Allow of Action, Resource or Principal * has its reason in Metadata"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for name, resource in cfn.template.get("Resources", {}).items():
            reasons = _house.noted(cfn, name, "wildcards")
            used = set()
            own_key = resource.get("Type") == "AWS::KMS::Key"
            for path, statement in _house.statements(
                resource.get("Properties"), ["Resources", name, "Properties"]
            ):
                what = _wildcard(statement, own_key)
                sid = statement.get("Sid")
                if what and sid in reasons:
                    used.add(sid)
                elif what:
                    yield (
                        path,
                        (
                            f"{name} allows {what}: narrow it, or write why it is right as "
                            f"Metadata: wotr: wildcards: {sid or '<Sid of the statement>'}: reason"
                        ),
                    )
            for sid in reasons.keys() - used:
                yield (
                    ["Resources", name, "Metadata"],
                    f"{name}: no wildcard in statement {sid}; drop the reason",
                )


class UnusedGrants(_house.HouseRule):
    """A grant that no suite uses has its reason beside the role; pipeline/privileges compares."""

    id = "E9015"
    shortdesc = "A statement of a role has a Sid, and what is noted as unused is in one"
    description = "Metadata: wotr: unused stands on a role and names a Sid or an action of its own policies"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        roles = _house.resources(cfn, "AWS::IAM::Role")
        for name in cfn.template.get("Resources", {}):
            known: set[Any] = set()
            where: _house.Path = ["Resources", name, "Properties", "Policies"]
            for path, statement in _house.statements(roles.get(name, {}).get("Policies"), where):
                known |= {statement.get("Sid"), *_house.listed(statement.get("Action", []))}
                if "Sid" not in statement:
                    yield path, f"{name}: give this statement a Sid, by which its use can be told"
            for key in _house.noted(cfn, name, "unused").keys() - known:
                yield ["Resources", name, "Metadata"], f"{name}: no statement of this role has {key}"


class WrittenReasons(_house.HouseRule):
    """An exception that gives no reason, or that no rule reads, is worse than none."""

    id = "E9000"
    shortdesc = "Metadata: wotr, cfn_nag and checkov hold exceptions, each with its reason"
    description = "Under wotr are exceptions (rule ids), wildcards and unused (Sids), each with why"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for name, resource in cfn.template.get("Resources", {}).items():
            notes = (resource.get("Metadata") or {}).get("wotr") or {}
            for subject, reasons in notes.items():
                path: _house.Path = ["Resources", name, "Metadata", "wotr", subject]
                if subject not in ("exceptions", "wildcards", "unused"):
                    yield path, f"{name}: nothing reads {subject}; there are exceptions, wildcards and unused"
                elif not isinstance(reasons, dict):
                    yield path, f"{name}: {subject} is a map, from rule id or Sid to the reason"
                else:
                    short = [key for key, reason in reasons.items() if len(str(reason).split()) < 3]
                    yield from (
                        ([*path, key], f"{name}: say in words why {key} is right here") for key in short
                    )
            yield from _scanners_reasons(name, resource.get("Metadata") or {})


def _scanners_reasons(name: str, metadata: dict[str, Any]) -> Iterator[_house.Breach]:
    """Yield what is suppressed for cfn-nag or checkov without a sentence that says why."""
    for scanner, listed, word in (("cfn_nag", "rules_to_suppress", "reason"), ("checkov", "skip", "comment")):
        for index, entry in enumerate((metadata.get(scanner) or {}).get(listed) or []):
            if len(str(entry.get(word, "")).split()) < 3:
                yield (
                    ["Resources", name, "Metadata", scanner, listed, index],
                    f"{name}: say in words ({word}) why {entry.get('id')} is suppressed",
                )


def _wildcard(statement: dict[str, Any], own_key: bool) -> str | None:
    """Return what is granted too widely, if anything. In a key policy, Resource * is that key alone."""
    if statement.get("Effect") != "Allow":
        return None
    actions = _house.listed(statement.get("Action", []))
    wide = [
        action for action in actions if isinstance(action, str) and (action == "*" or action.endswith(":*"))
    ]
    if wide or "NotAction" in statement:
        return f"Action {', '.join(wide) or 'everything but a list'}"
    if not own_key and "*" in _house.listed(statement.get("Resource", [])):
        return "Resource *"
    if statement.get("Principal") in ("*", {"AWS": "*"}) and "Condition" not in statement:
        return "Principal *"
    return None
