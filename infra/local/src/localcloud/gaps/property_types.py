"""A property has its own type, whatever the type of the value that was put in.

AWS: CloudFormation converts the text of a parameter to the property's type, so a number or a
boolean may come from ``!Ref``.
MiniStack: hands the text on. A pool whose minimum password length is ``"12"`` fails at the first
sign-up, and ``"false"`` counts as true.
Bridge: before a resource is made or changed, its properties are converted to the types of the API
call that makes it, for the resource types listed here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, Shape, StructureShape
from ministack.services.cloudformation import provisioners

from localcloud.gaps import Settings

TOUCHES = ("ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",)

_MADE_BY = {
    "AWS::Cognito::UserPool": ("cognito-idp", "CreateUserPool"),
    "AWS::Cognito::UserPoolClient": ("cognito-idp", "CreateUserPoolClient"),
    "AWS::DynamoDB::Table": ("dynamodb", "CreateTable"),
}
_READ: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda text: text.lower() == "true",
}

Properties = dict[str, Any]


def apply(_settings: Settings) -> None:
    """Convert what the handlers of the listed types are given."""
    for type_name, call in _MADE_BY.items():
        handlers = provisioners._RESOURCE_HANDLERS[type_name]
        handlers["create"] = _converted(handlers["create"], call, positions=(1,))
        handlers["update"] = _converted(handlers["update"], call, positions=(1, 2))


def _converted(
    handler: Callable[..., Any], call: tuple[str, str], positions: tuple[int, ...]
) -> Callable[..., Any]:
    """``handler`` with its properties, which are its arguments at ``positions``, converted."""

    def convert(*arguments: Any) -> Any:
        given = list(arguments)
        for position in positions:
            given[position] = _typed(given[position], _request(*call))
        return handler(*given)

    return convert


@cache
def _request(service: str, operation: str) -> Shape | None:
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).input_shape


def _typed(value: Any, shape: Shape | None) -> Any:
    """``value`` in the types of ``shape``; a property that the call does not have stays as it is."""
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        known = shape.members
        return {name: _typed(part, known[name]) if name in known else part for name, part in value.items()}
    if isinstance(value, list) and isinstance(shape, ListShape):
        return [_typed(part, shape.member) for part in value]
    if isinstance(value, str) and shape is not None and shape.type_name in _READ:
        return _READ[shape.type_name](value)
    return value
