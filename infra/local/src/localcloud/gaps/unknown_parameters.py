"""A value for a parameter that the template does not have is refused.

AWS: "Parameters: [X] do not exist in the template", whoever deploys.
MiniStack: passes over it, so that a misspelt parameter keeps its default unnoticed.
Bridge: look before the parameters are resolved.
"""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import changesets, handlers

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudformation.changesets:_resolve_parameters",
    "ministack.services.cloudformation.handlers:_resolve_parameters",
)


def apply(_settings: Settings) -> None:
    """Look in stacks and in change sets."""
    resolve = handlers._resolve_parameters

    def resolve_known(template: dict[str, Any], given: list[dict[str, Any]], *previous: Any) -> Any:
        declared = template.get("Parameters") or {}
        unknown = [entry["Key"] for entry in given if entry.get("Key") and entry["Key"] not in declared]
        if unknown:
            raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        return resolve(template, given, *previous)

    handlers._resolve_parameters = changesets._resolve_parameters = resolve_known
