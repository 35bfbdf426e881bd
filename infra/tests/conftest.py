"""Templates as CloudFormation sees them for given parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy import templates

ROOT = Path(__file__).resolve().parents[2]
PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
}
_ABSENT = object()

Resources = dict[str, dict[str, Any]]


class Rendering:
    """A template with its conditions decided and its parameters put in.

    What only a deployment knows (``!GetAtt``, imports, references to resources) stays as it is written.
    Ours, because cfn-lint and moto keep theirs to themselves or deploy on the way.
    """

    def __init__(self, template: templates.Template, stage: str, **parameters: str) -> None:
        given = {"Stage": stage, **parameters}
        unknown = given.keys() - template.parameters.keys()
        assert not unknown, f"{template.where} has no parameter {', '.join(sorted(unknown))}"
        self._globals = template.body.get("Globals", {}).get("Function", {})
        self._conditions = template.body.get("Conditions", {})
        self._values: dict[str, Any] = dict(PSEUDO) | {"AWS::StackName": template.stack_name(stage)}
        for name, declared in template.parameters.items():
            value: Any = given.get(name, declared.get("Default"))
            self._values[name] = value.split(",") if declared["Type"] == "CommaDelimitedList" else value
        self.resources: Resources = {
            name: self._value(resource)
            for name, resource in template.resources.items()
            if "Condition" not in resource or self._decide({"Condition": resource["Condition"]})
        }

    def of_type(self, *types: str) -> Resources:
        """The resources of these types, by logical id."""
        return {name: found for name, found in self.resources.items() if found["Type"] in types}

    def properties(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found

    def preferences(self) -> dict[str, dict[str, Any]]:
        """How new versions of each function get to their callers; Globals come first, as SAM has it."""
        found = {}
        for name, function in self.of_type("AWS::Serverless::Function").items():
            common = self._value(self._globals["DeploymentPreference"])
            own = function["Properties"].get("DeploymentPreference", {})
            if own.get("Enabled", True):
                found[name] = common | own | {"Alarms": [*common["Alarms"], *own.get("Alarms", [])]}
        return found

    def _decide(self, node: dict[str, Any]) -> bool:
        ((operator, operand),) = node.items()
        match operator:
            case "Condition":
                return self._decide(self._conditions[operand])
            case "Fn::Equals":
                first, second = (self._value(side) for side in operand)
                return bool(str(first) == str(second))
            case "Fn::Not":
                return not self._decide(operand[0])
            case "Fn::Or":
                return any(map(self._decide, operand))
        raise AssertionError(f"a condition uses {operator}, which this reading does not know")

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self._value, node) if value is not _ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, operand),) = node.items()
            if key in ("Ref", "Fn::If", "Fn::Join", "Fn::Sub"):
                return self._intrinsic(key, operand)
        values = ((key, self._value(value)) for key, value in node.items())
        return {key: value for key, value in values if value is not _ABSENT}

    def _intrinsic(self, name: str, operand: Any) -> Any:
        match name:
            case "Ref":
                if operand == "AWS::NoValue":
                    return _ABSENT
                return self._values.get(operand, {"Ref": operand})
            case "Fn::If":
                condition, yes, no = operand
                return self._value(yes if self._decide({"Condition": condition}) else no)
            case "Fn::Join":
                return operand[0].join(self._value(operand[1]))
        if isinstance(operand, list):
            return {"Fn::Sub": [self._substitute(operand[0]), self._value(operand[1])]}
        return self._substitute(operand)

    def _substitute(self, text: str) -> str:
        return re.sub(r"\$\{([\w:]+)}", lambda found: str(self._values.get(found[1], found[0])), text)


Render = Callable[..., Rendering]


@pytest.fixture
def render() -> Render:
    """Read a template of ``infra/``, for example ``render("data", "prod", CapacityMode="provisioned")``."""

    def of(stack: str, stage: str = "dev", **parameters: str) -> Rendering:
        return Rendering(templates.load(ROOT / "infra" / f"{stack}.yml", ROOT), stage, **parameters)

    return of


@pytest.fixture
def service() -> Render:
    """Read a template of ``services/``, as above."""

    def of(name: str, stage: str = "prod", **parameters: str) -> Rendering:
        path = ROOT / "services" / name / "template.yml"
        return Rendering(templates.load(path, ROOT), stage, **parameters)

    return of
