"""AWS services that MiniStack lacks, as APIs of the same endpoint (used by gap modules, inside the server).

A service is described once: its operations take and give what botocore's model of the service says. Requests
are checked against the model before an operation sees them, answers before a caller does; what the model does
not know is refused, and what we do not implement is refused by name. IAM is asked as for MiniStack's own
services, and state is saved and reset with theirs.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from types import ModuleType
from typing import Any

import botocore.session
import ministack.app as server
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator
from ministack.core import iam_actions, router

TOUCHES = (
    "ministack.app:SERVICE_HANDLERS",
    "ministack.app:SERVICE_REGISTRY",
    "ministack.app:_lazy_handler",
    "ministack.app:_loaded_modules",
    "ministack.app:_state_map",
    "ministack.core.iam_actions:SERVICE_TO_IAM_NAMESPACE",
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.router:SERVICE_PATTERNS",
)

Body = dict[str, Any]
Operation = Callable[[Body], Body]
Answer = tuple[int, dict[str, str], bytes]

_log = logging.getLogger("localcloud")


class Refusal(Exception):
    """What an operation refuses: ``code`` is the model's error, such as PipelineNotFoundException."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Service:
    """One service.

    ``model``: botocore's name of it. ``operations``: by name; each runs on a thread of its own and may wait,
    with account and region of the call as MiniStack's ``get_account_id`` and ``get_region`` say.
    ``resource``: the ARN that IAM is asked about, from operation and request; "*" where there is none.
    ``save`` and ``load``: its state, of whatever JSON and MiniStack's scoped dictionaries can say.
    """

    model: str
    operations: Mapping[str, Operation]
    resource: Callable[[str, Body], str]
    save: Callable[[], Any]
    load: Callable[[Any], None]
    reset: Callable[[], None]


def register(service: Service) -> None:
    """Serve it, in place of MiniStack's if there is one of that name."""
    model = _model(service.model)
    name = str(model.signing_name)
    module = ModuleType(f"ministack.services.{_module_name(service)}")
    module.handle_request = partial(_handle, service)  # type: ignore[attr-defined]
    module.get_state, module.load_persisted_state = service.save, service.load  # type: ignore[attr-defined]
    module.reset = service.reset  # type: ignore[attr-defined]
    # The module's import would have made it known in these two places.
    sys.modules[module.__name__] = module
    server._loaded_modules[_module_name(service)] = module
    server.SERVICE_REGISTRY[name] = {"module": _module_name(service)}
    server.SERVICE_HANDLERS[name] = server._lazy_handler(_module_name(service))
    server._state_map[_module_name(service)] = _module_name(service)
    router.SERVICE_PATTERNS[name] = {
        "target_prefixes": [f"{model.metadata['targetPrefix']}."],
        "credential_scope": name,
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[name] = name
    _name_resources(name, service)


def _module_name(service: Service) -> str:
    return service.model.replace("-", "_")


def _name_resources(name: str, service: Service) -> None:
    find = iam_actions.extract_resource_arn

    def found(asked: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        if asked != name:
            return str(find(asked, method, path, headers, body, *rest))
        try:
            return service.resource(_operation(headers), json.loads(body or b"{}"))
        except (ValueError, KeyError, TypeError):
            return "*"  # the request is refused as malformed, after this

    iam_actions.extract_resource_arn = found


async def _handle(service: Service, *request: Any) -> Answer:
    _method, _path, headers, body, _query = request
    return await asyncio.to_thread(_answer, service, _operation(headers), body)


def _operation(headers: Any) -> str:
    return str(headers.get("x-amz-target", "")).rpartition(".")[2]


def _answer(service: Service, name: str, body: bytes) -> Answer:
    model = _model(service.model)
    try:
        if name not in model.operation_names:
            raise Refusal("UnknownOperationException", f"{service.model} has no operation {name!r}")
        if name not in service.operations:
            raise Refusal(
                "UnknownOperationException", f"{service.model}:{name} is not there on the local cloud", 501
            )
        shapes = model.operation_model(name)
        request = _request(body)
        _fits(request, shapes.input_shape, "ValidationException")
        said = service.operations[name](request)
        _fits(said, shapes.output_shape, "InternalFailure")
        return _json(model, 200, said)
    except Refusal as refusal:
        return _json(model, refusal.status, {"__type": refusal.code, "message": str(refusal)})
    except Exception as error:  # noqa: BLE001 - the caller gets an answer, the log gets the trace
        _log.exception("%s:%s failed", service.model, name)
        return _json(model, 500, {"__type": "InternalFailure", "message": f"{type(error).__name__}: {error}"})


def _request(body: bytes) -> Body:
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        raise Refusal("SerializationException", f"the request is not JSON: {error}") from None
    if not isinstance(request, dict):
        raise Refusal("SerializationException", "the request is not a JSON object")
    return request


def check(service: str, operation: str, request: Body) -> None:
    """Refuse a request that does not fit botocore's model, for whoever calls past the endpoint."""
    _fits(request, _model(service).operation_model(operation).input_shape, "ValidationException")


def _fits(said: Body, shape: Shape | None, code: str) -> None:
    """Refuse what the model does not know, lacks, or has in another type."""
    if shape is None:
        if said:
            raise Refusal(code, f"nothing is expected here, and there is {', '.join(said)}")
        return
    report = ParamValidator().validate(said, shape)
    if code == "InternalFailure":
        # Answers may be shorter than the model says: AWS lists nothing as an empty list.
        report._errors = [error for error in report._errors if error[0] != "invalid length"]
    problems = report.generate_report() if report.has_errors() else ""
    unknown = ", ".join(_unknown(said, shape, ""))
    if problems or unknown:
        words = f"{problems} unknown: {unknown}" if unknown else problems
        raise Refusal(code, words, 500 if code == "InternalFailure" else 400)


def fitting(service: str, operation: str, properties: Body) -> Body:
    """A template's properties as a request, of the model's types; Refusal where it does not fit."""
    shape = _model(service).operation_model(operation).input_shape
    request: Body = _typed(properties, shape)
    _fits(request, shape, "ValidationException")
    return request


def _typed(said: Any, shape: Any) -> Any:
    if shape.type_name == "structure" and isinstance(said, dict):
        known = shape.members
        return {key: _typed(each, known[key]) if key in known else each for key, each in said.items()}
    if shape.type_name == "map" and isinstance(said, dict):
        return {key: _typed(each, shape.value) for key, each in said.items()}
    if shape.type_name == "list" and isinstance(said, list):
        return [_typed(each, shape.member) for each in said]
    return _scalar(said, shape.type_name)


def _scalar(said: Any, kind: str) -> Any:
    """Parameters make text of numbers and switches, and YAML makes numbers of text."""
    if kind in ("integer", "long") and isinstance(said, str) and said.lstrip("-").isdigit():
        return int(said)
    if kind == "boolean" and str(said).lower() in ("true", "false"):
        return str(said).lower() == "true"
    if kind == "string" and isinstance(said, bool | int | float):
        return str(said).lower() if isinstance(said, bool) else str(said)
    return said


def _unknown(said: Any, shape: Any, where: str) -> list[str]:
    """Members that the model does not have; botocore itself passes over those of an answer."""
    if shape.type_name == "structure" and isinstance(said, dict):
        return [
            found
            for name, value in said.items()
            for found in (
                _unknown(value, shape.members[name], f"{where}.{name}")
                if name in shape.members
                else [f"{where}.{name}"]
            )
        ]
    if shape.type_name == "list" and isinstance(said, (list, tuple)):
        return [found for value in said for found in _unknown(value, shape.member, f"{where}[]")]
    if shape.type_name == "map" and isinstance(said, dict):
        return [found for key in said for found in _unknown(said[key], shape.value, f"{where}.{key}")]
    return []


@cache
def _model(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def _json(model: ServiceModel, status: int, said: Body) -> Answer:
    content = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"
    return status, {"Content-Type": content}, json.dumps(said, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} in an answer")
