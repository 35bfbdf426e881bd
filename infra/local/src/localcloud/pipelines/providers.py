"""Which module runs the actions of which provider, and how many artifacts they take and give.

``TABLE`` is all there is: an entry more is a provider more, as a contract test adds one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from localcloud.pipelines.actions import Provider


@dataclass(frozen=True)
class Entry:
    """A provider's module, and the least and most artifacts that AWS lets its actions have."""

    module: str
    inputs: tuple[int, int]
    outputs: tuple[int, int]


TABLE: dict[tuple[str, str], Entry] = {
    ("Source", "CodeStarSourceConnection"): Entry("localcloud.pipelines.source_connection", (0, 0), (1, 1)),
    ("Source", "S3"): Entry("localcloud.pipelines.source_object", (0, 0), (1, 1)),
    ("Build", "CodeBuild"): Entry("localcloud.pipelines.build_project", (1, 5), (0, 5)),
    ("Test", "CodeBuild"): Entry("localcloud.pipelines.build_project", (1, 5), (0, 5)),
    ("Deploy", "CloudFormation"): Entry("localcloud.pipelines.cloudformation", (0, 10), (0, 1)),
    ("Approval", "Manual"): Entry("localcloud.pipelines.manual", (0, 0), (0, 0)),
}


class NotThere(Exception):
    """Nobody runs actions of this type here."""


def entry(action_type: dict[str, str]) -> Entry:
    """The entry of an ``actionTypeId``; NotThere names what there is instead."""
    category, provider = action_type["category"], action_type["provider"]
    found = TABLE.get((category, provider))
    if found is None or action_type["owner"] != "AWS" or action_type["version"] != "1":
        wanted = f"{category}, {action_type['owner']}, {provider}, version {action_type['version']}"
        known = ", ".join(f"{name} ({kind})" for kind, name in sorted(TABLE))
        raise NotThere(
            f"actions of {wanted} are not there on the local cloud; owner AWS, version 1 of {known} are"
        )
    return found


def module(action_type: dict[str, str]) -> Provider:
    """The module that runs actions of this type."""
    name = entry(action_type).module
    try:
        return cast("Provider", import_module(name))
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise NotThere(f"actions of {action_type['provider']} are not there on the local cloud") from None


def wrong(action_type: dict[str, str], configuration: dict[str, str]) -> list[str]:
    """What the provider itself finds wrong with values: a module may have ``problems`` for that."""
    problems: Any = getattr(module(action_type), "problems", None)
    return list(problems(configuration)) if problems else []
