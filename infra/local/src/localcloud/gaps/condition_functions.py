"""A condition may join the values of a list.

AWS: `!Equals [!Join ["", !Ref List], ""]` in Conditions tells whether a list was left empty.
MiniStack: takes `Fn::Join` there for a value of its own, which equals nothing, so that the condition always
says that there is something in the list.
Bridge: joins are done before the conditions are evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers, stacks

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudformation.engine:_evaluate_conditions",
    "ministack.services.cloudformation.changesets:_evaluate_conditions",
    "ministack.services.cloudformation.handlers:_evaluate_conditions",
    "ministack.services.cloudformation.stacks:_evaluate_conditions",
)
Parameters = Mapping[str, Mapping[str, Any]]


def apply(_settings: Settings) -> None:
    """Join first, wherever MiniStack evaluates a template's conditions."""
    evaluate = engine._evaluate_conditions

    def join_and_evaluate(template: dict[str, Any], parameters: Parameters) -> Any:
        conditions = _joined(template.get("Conditions", {}), parameters)
        return evaluate({**template, "Conditions": conditions}, parameters)

    for module in (engine, changesets, handlers, stacks):
        module._evaluate_conditions = join_and_evaluate


def _joined(value: Any, parameters: Parameters) -> Any:
    """``value`` with each join in it replaced by its text."""
    if isinstance(value, list):
        return [_joined(each, parameters) for each in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Fn::Join"]:
        separator, parts = value["Fn::Join"]
        return separator.join(_texts(parts, parameters))
    return {name: _joined(inner, parameters) for name, inner in value.items()}


def _texts(parts: Any, parameters: Parameters) -> list[str]:
    """What is joined: a parameter that is a list, or a list of texts and parameters."""
    if isinstance(parts, list):
        return [text for part in parts for text in _texts(part, parameters)]
    if isinstance(parts, dict):
        said = parameters.get(parts.get("Ref", ""), {}).get("Value", "")
        return [text.strip() for text in str(said).split(",")]
    return [str(parts)]
