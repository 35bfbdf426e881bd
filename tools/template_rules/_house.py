"""What the rules share: reading templates with intrinsic functions in them, and written exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
Path = list[str | int]
Breach = tuple[Path, str]


class HouseRule(CloudFormationLintRule):  # type: ignore[misc]
    """A rule that yields breaches and leaves out those a resource's Metadata excepts with a reason.

    A rule's module imports this module and not the class: cfn-lint would take the class for a rule.
    """

    tags = ["wotr"]  # noqa: RUF012 - cfn-lint declares it so
    source_url = "tools/template_rules"

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return the breaches of this rule that nothing excepts."""
        return [
            RuleMatch(path, message)
            for path, message in self.breaches(cfn)
            if not (path[:1] == ["Resources"] and self.id in noted(cfn, str(path[1]), "exceptions"))
        ]

    def breaches(self, cfn: Template) -> Iterator[Breach]:
        """Yield the place of each breach, and a sentence that says what to do."""
        raise AssertionError(f"{self.id} finds nothing in {cfn.filename}: it has no breaches method")


def resources(cfn: Template, *types: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of ``types`` by logical id."""
    found = cfn.template.get("Resources", {})
    return {name: found[name].get("Properties") or {} for name in found if found[name].get("Type") in types}


def noted(cfn: Template, name: str, subject: str) -> dict[str, str]:
    """Return what the resource's ``Metadata: wotr: <subject>`` says, {} where it says nothing usable."""
    metadata = cfn.template["Resources"][name].get("Metadata") or {}
    notes = metadata.get("wotr") or {}
    found = notes.get(subject) if isinstance(notes, dict) else None
    return found if isinstance(found, dict) else {}


def alternatives(value: Any) -> Iterator[Any]:
    """Yield what ``value`` may become: the branches of Fn::If, without AWS::NoValue."""
    if isinstance(value, dict) and list(value) == ["Fn::If"]:
        for branch in value["Fn::If"][1:]:
            yield from alternatives(branch)
    elif value != {"Ref": "AWS::NoValue"} and value is not None:
        yield value


def listed(value: Any) -> list[Any]:
    """Return ``value`` as a list: policies may write one value instead of a list of one."""
    return value if isinstance(value, list) else [value]


def logical_id(value: Any) -> str | None:
    """Return the resource that Ref, Fn::GetAtt or a Fn::Sub of one variable points to, else None."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((function, operand),) = value.items()
    if function == "Ref":
        return str(operand)
    if function == "Fn::GetAtt":
        return str(operand[0]) if isinstance(operand, list) else str(operand).partition(".")[0]
    if function == "Fn::Sub" and isinstance(operand, str):
        match = re.fullmatch(r"\$\{(\w+)(?:\.\w+)?\}", operand)
        return match[1] if match else None
    return None


def dig(value: Any, *names: str) -> Any:
    """Return the value under ``names``, None where the way ends early."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def statements(value: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every policy statement below ``value`` with its path."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "Statement":
                numbered = enumerate(child) if isinstance(child, list) else [(None, child)]
                for index, statement in numbered:
                    where = [*path, key] if index is None else [*path, key, index]
                    yield from ((where, each) for each in alternatives(statement) if isinstance(each, dict))
            else:
                yield from statements(child, [*path, key])
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from statements(child, [*path, index])
