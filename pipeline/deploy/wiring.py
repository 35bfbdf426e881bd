"""Who sends to whom, read from the templates: rules and targets, topics and subscribers, roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.errors import DeployError
from deploy.templates import Template

BUS = "AWS::Events::EventBus"
# where a resource names the role that it acts with
_ROLES = ("Role", "RoleArn", "TaskRoleArn")
_RULE_EVENTS = ("EventBridgeRule", "CloudWatchEvent")


@dataclass(frozen=True)
class Place:
    """A resource of a stack; `data.WorkoutsTable` in notes."""

    stack: str
    logical_id: str

    def __str__(self) -> str:
        return f"{self.stack}.{self.logical_id}"


@dataclass(frozen=True)
class Rule:
    """A rule of a bus; `bus` is None for the account's default one."""

    place: Place
    bus: Place | None
    description: str
    pattern: Mapping[str, Any]
    targets: tuple[Any, ...]

    def takes(self, name: str) -> bool:
        """Whether events called `name` may pass; what else the pattern asks for is not looked at."""
        wanted = self.pattern.get("detail-type")
        return wanted is None or any(_matches(name, each) for each in wanted)

    @property
    def also_asks_for(self) -> list[str]:
        """What the pattern looks at beside source and name, such as `detail.data.type`."""
        rest = {key: value for key, value in self.pattern.items() if key not in ("source", "detail-type")}
        return sorted(_leaves(rest))


@dataclass(frozen=True)
class Subscription:
    """A subscription of a topic; `endpoint` is a place where it is a resource, else a parameter's name."""

    place: Place
    protocol: str
    endpoint: Place | str
    filters: tuple[str, ...]


class Wiring:
    """The templates as one net."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self._templates = {template.stack: template for template in templates}
        self._exports = {
            export.name: (template, template.body["Outputs"][export.output]["Value"])
            for template in templates
            for export in template.exports
        }

    def of_type(self, *kinds: str) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        """Every resource of these types, with its properties."""
        for template in self._templates.values():
            for logical_id, resource in template.resources.items():
                if resource.get("Type") in kinds:
                    yield Place(template.stack, logical_id), resource.get("Properties") or {}

    def kind(self, place: Place) -> str:
        """The type of the resource at a place."""
        return str(self._templates[place.stack].resources[place.logical_id]["Type"])

    def where(self, place: Place) -> str:
        """The file of the stack that a place belongs to."""
        return self._templates[place.stack].where

    def find(self, stack: str, value: Any) -> Place | None:
        """The resource that `value` in a template of `stack` means: by Ref, GetAtt, Sub or an import."""
        if not isinstance(value, Mapping):
            return None
        if "Fn::ImportValue" in value:
            name = self._templates[stack].literal(value["Fn::ImportValue"], getattr(value, "line", 0))
            owner, exported = self._exports[name]
            return self.find(owner.stack, exported)
        if "Fn::Sub" in value and isinstance(value["Fn::Sub"], str):
            text = value["Fn::Sub"]
            named = text.removeprefix("${").removesuffix("}") if text.count("${") == 1 else ""
        else:
            got = value.get("Fn::GetAtt")
            named = str(value.get("Ref") or (got[0] if got else ""))
        logical_id = named.partition(".")[0]
        return Place(stack, logical_id) if logical_id in self._templates[stack].resources else None

    def rules(self) -> Iterator[Rule]:
        """Every rule, also those that SAM makes of a function's or workflow's events."""
        for place, said in self.of_type("AWS::Events::Rule"):
            if "EventPattern" in said:
                targets = tuple(target["Arn"] for target in said.get("Targets") or ())
                yield self._rule(place, said, said["EventPattern"], targets)
        for place, said in self.of_type("AWS::Serverless::Function", "AWS::Serverless::StateMachine"):
            for event in (said.get("Events") or {}).values():
                if event.get("Type") in _RULE_EVENTS:
                    inner = event["Properties"]
                    yield self._rule(place, inner, inner["Pattern"], ({"Ref": place.logical_id},))

    def _rule(
        self, place: Place, said: Mapping[str, Any], pattern: Mapping[str, Any], targets: tuple[Any, ...]
    ) -> Rule:
        bus = self.find(place.stack, said.get("EventBusName"))
        return Rule(place, bus, str(said.get("Description", "")), pattern, targets)

    def readers(self, queue: Place) -> list[Place]:
        """The functions that are fed from a queue."""
        found = [
            place
            for place, said in self.of_type("AWS::Serverless::Function")
            for event in (said.get("Events") or {}).values()
            if self.find(place.stack, (event.get("Properties") or {}).get("Queue")) == queue
        ]
        for place, said in self.of_type("AWS::Lambda::EventSourceMapping"):
            function = self.find(place.stack, said.get("FunctionName"))
            if function and self.find(place.stack, said.get("EventSourceArn")) == queue:
                found.append(function)
        return found

    def subscriptions(self, topic: Place) -> list[Subscription]:
        """Who hears of a topic."""
        found = []
        for place, said in self.of_type("AWS::SNS::Subscription"):
            if self.find(place.stack, said.get("TopicArn")) == topic:
                endpoint = self.find(place.stack, said.get("Endpoint"))
                parameter = next(_parameters(said.get("Endpoint")), "elsewhere")
                filters = tuple(sorted({*_parameters(said.get("FilterPolicy"))}))
                found.append(Subscription(place, str(said["Protocol"]), endpoint or parameter, filters))
        return found

    def allowed(self, action: str, target: Place) -> list[Place]:
        """Who acts with a role whose own policies allow `action` on `target`."""
        found: list[Place] = []
        for role, said in self.of_type("AWS::IAM::Role"):
            statements = [
                statement
                for policy in said.get("Policies") or ()
                for statement in policy["PolicyDocument"]["Statement"]
                if statement["Effect"] == "Allow" and action in _listed(statement["Action"])
            ]
            resources = [each for statement in statements for each in _listed(statement["Resource"])]
            if any(self.find(role.stack, each) == target for each in resources):
                found += self._acting_as(role)
        return found

    def alarms(self, topic: Place) -> int:
        """How many alarms tell a topic."""
        alarms = self.of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        return sum(
            any(self.find(place.stack, each) == topic for each in said.get("AlarmActions") or ())
            for place, said in alarms
        )

    def _acting_as(self, role: Place) -> Iterator[Place]:
        template = self._templates[role.stack]
        for logical_id, resource in template.resources.items():
            said = resource.get("Properties") or {}
            if any(self.find(role.stack, said.get(name)) == role for name in _ROLES):
                yield Place(role.stack, logical_id)


def _matches(name: str, wanted: Any) -> bool:
    """Whether one element of a pattern's list takes a text."""
    if isinstance(wanted, str):
        return name == wanted
    match wanted:
        case {"prefix": str(beginning)}:
            return name.startswith(beginning)
        case {"suffix": str(end)}:
            return name.endswith(end)
        case {"anything-but": other}:
            return not any(_matches(name, each) for each in _listed(other))
    raise DeployError(f"the note on events cannot read the pattern {dict(wanted)}")


def _leaves(pattern: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in pattern.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def _parameters(value: Any) -> Iterator[str]:
    """The parameters that a filter policy refers to."""
    if isinstance(value, Mapping):
        if isinstance(value.get("Ref"), str) and not value["Ref"].startswith("AWS::"):
            yield value["Ref"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _parameters(each)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
