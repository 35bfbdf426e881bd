"""Add to what CloudFormation does with a resource (used by gap modules, inside the server)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Provisioned = tuple[str, dict[str, Any]]
Step = Callable[[str, Properties], None]

TOUCHES = ("ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",)


def after(type_name: str, step: Step) -> None:
    """Call ``step(physical id, properties)`` each time a resource of this type was made or changed.

    A ValueError of the step fails the resource with that reason.
    """
    handlers = provisioners._RESOURCE_HANDLERS[type_name]
    create, update = handlers["create"], handlers["update"]

    def create_and_step(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        made: Provisioned = create(logical_id, properties, stack)
        step(made[0], properties)
        return made

    def update_and_step(physical_id: str, old: Properties, new: Properties, *rest: str) -> Provisioned:
        made: Provisioned = update(physical_id, old, new, *rest)
        step(made[0], new)
        return made

    handlers.update(create=create_and_step, update=update_and_step)


def call(operation: Callable[[Properties], tuple[int, Any, bytes]], request: Properties) -> bytes:
    """Call an API operation of MiniStack from within; ValueError with its answer when it refuses."""
    status, _headers, body = operation(request)
    if status >= 400:
        raise ValueError(f"{operation.__name__.strip('_')} failed: {body.decode(errors='replace')}")
    return body
