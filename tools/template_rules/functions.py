"""Every function has a role, a log group and an alias of its own, and limits that somebody chose."""

from __future__ import annotations

from collections.abc import Iterator

from cfnlint.template import Template

from tools.template_rules import _house


class LogGroupWithRetention(_house.HouseRule):
    """A function without its own log group gets one that keeps everything for ever."""

    id = "E9001"
    shortdesc = "A function has its own log group, with retention"
    description = "LoggingConfig.LogGroup refers to a log group of the template that has RetentionInDays"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        groups = _house.resources(cfn, "AWS::Logs::LogGroup")
        taken: dict[str, str] = {}
        for name, properties in _house.resources(cfn, *_house.FUNCTIONS).items():
            path: _house.Path = ["Resources", name, "Properties"]
            group = _house.logical_id(_house.dig(properties, "LoggingConfig", "LogGroup"))
            if group not in groups:
                yield path, f"{name} needs LoggingConfig: LogGroup: !Ref to a log group of this template"
            elif group in taken:
                yield path, f"{name} writes to the log group of {taken[group]}; give it one of its own"
            else:
                taken[group] = name
        for name, properties in groups.items():
            if "RetentionInDays" not in properties:
                yield ["Resources", name], f"log group {name} needs RetentionInDays"


class RoleOfItsOwn(_house.HouseRule):
    """Shared roles grow to the union of what everybody needs."""

    id = "E9002"
    shortdesc = "A function has its own role"
    description = "Role refers to a role of the template that no other function has; no inline SAM Policies"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        roles = _house.resources(cfn, "AWS::IAM::Role")
        taken: dict[str, str] = {}
        for name, properties in _house.resources(cfn, *_house.FUNCTIONS).items():
            path: _house.Path = ["Resources", name, "Properties"]
            role = _house.logical_id(properties.get("Role"))
            if role not in roles:
                yield path, f"{name} needs Role: !GetAtt of a role in this template"
            elif role in taken:
                yield path, f"{name} has the role of {taken[role]}; give it one of its own"
            else:
                taken[role] = name
            if "Policies" in properties:
                yield (
                    [*path, "Policies"],
                    f"{name}: write the statements in its role, SAM ignores Policies beside Role",
                )


class AliasLive(_house.HouseRule):
    """Callers address the alias, which is what a canary shifts."""

    id = "E9003"
    shortdesc = "A function is published under the alias live"
    description = "AutoPublishAlias: live, or for AWS::Lambda::Function an AWS::Lambda::Alias of that name"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        aliased = {
            _house.logical_id(alias.get("FunctionName"))
            for alias in _house.resources(cfn, "AWS::Lambda::Alias").values()
            if alias.get("Name") == "live"
        }
        for name, properties in _house.resources(cfn, *_house.FUNCTIONS).items():
            if properties.get("AutoPublishAlias") != "live" and name not in aliased:
                yield ["Resources", name], f"{name} needs AutoPublishAlias: live"


class ChosenLimits(_house.HouseRule):
    """The defaults (3 s, 128 MB) are nobody's choice."""

    id = "E9004"
    shortdesc = "A function has a chosen timeout and memory size"
    description = "Timeout and MemorySize are set, in the function or in Globals"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for name, properties in _house.resources(cfn, *_house.FUNCTIONS).items():
            missing = [key for key in ("Timeout", "MemorySize") if key not in properties]
            if missing:
                yield ["Resources", name], f"{name} needs {' and '.join(missing)}"
