"""SAM sees the parameters that a stack is given.

AWS: the transform works with the parameters' values, where it looks into what refers to one: the type of a
deployment preference, for example.
MiniStack: gives the transform none, so that it takes every parameter's default.
Bridge: what is given stands in the parameters' defaults while the template is transformed.
"""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.cloudformation.changesets:_apply_transforms",
    "ministack.services.cloudformation.engine:_apply_transforms",
    "ministack.services.cloudformation.engine:_transform_parameters",
    "ministack.services.cloudformation.handlers:_apply_transforms",
)


def apply(_settings: Settings) -> None:
    """Wrap the transforms of every stack operation."""
    transforms = engine._apply_transforms

    def with_parameters(
        template: dict[str, Any], provided_params: Any = None, previous_params: Any = None
    ) -> Any:
        declared = template.get("Parameters")
        if not declared:
            return transforms(template, provided_params, previous_params)
        given = engine._transform_parameters(template, provided_params, previous_params)
        known = {
            name: {**described, "Default": given[name]} if name in given else described
            for name, described in declared.items()
        }
        made = transforms({**template, "Parameters": known}, provided_params, previous_params)
        if isinstance(made, dict) and made.get("Parameters"):
            made["Parameters"] = {**made["Parameters"], **declared}
        return made

    for module in (engine, changesets, handlers):
        module._apply_transforms = with_parameters
