"""``AWS::CodePipeline::Pipeline`` for CloudFormation (used by the gap ``pipelines``, inside the server).

Properties are the API's structure with other capitals. What neither knows is refused by name.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services.cloudformation import provisioners

from localcloud import services
from localcloud.pipelines import definitions, lifecycle
from localcloud.pipelines.records import Definition, Pipeline, lock
from localcloud.provisioning import Properties, Provisioned

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_physical_name",
)

# Not part of the structure.
_ASIDE = {"Tags", "DisableInboundStageTransitions", "RestartExecutionOnUpdate"}
_NUMBERS = {"RunOrder", "TimeoutInMinutes"}


def _create(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("Name") or provisioners._physical_name(stack, logical_id, max_len=100)
    definition, tags = _request(name, properties)
    try:
        with lock:
            made = lifecycle.create(definition, tags)
            _close(made, properties)
    except services.Refusal as refusal:
        raise ValueError(f"{refusal.code}: {refusal}") from None
    return name, {"Version": str(made.version)}


def _update(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    if old.get("Name") != new.get("Name"):
        made = _create(logical_id, new, stack)
        _delete(name, old)
        return made
    definition, tags = _request(name, new)
    try:
        with lock:
            pipeline = definitions.find(name)
            pipeline.tags = tags
            if _structure(old) != _structure(new):
                lifecycle.update(definition)
            for stage in _closed(old) - _closed(new):
                if pipeline.closed(stage):  # one that is gone is not closed
                    lifecycle.reopen(pipeline, stage)
            _close(pipeline, new)
            if str(new.get("RestartExecutionOnUpdate", "false")).lower() == "true":
                lifecycle.restart(name)
    except services.Refusal as refusal:
        raise ValueError(f"{refusal.code}: {refusal}") from None
    return name, {"Version": str(pipeline.version)}


def _delete(name: str, _properties: Properties) -> None:
    lifecycle.delete(name)


def _request(name: str, properties: Properties) -> tuple[Definition, dict[str, str]]:
    """Structure and tags, checked against the API's model; ValueError says what does not fit."""
    definition = _lower(_structure(properties)) | {"name": name}
    tags = {each["Key"]: str(each["Value"]) for each in properties.get("Tags", [])}
    try:
        services.check("codepipeline", "CreatePipeline", {"pipeline": definition})
    except services.Refusal as refusal:
        raise ValueError(f"{refusal.code}: {refusal}") from None
    stages = {each["name"] for each in definition["stages"]}
    if unknown := sorted(_closed(properties) - stages):
        raise ValueError(f"DisableInboundStageTransitions: there is no stage {', '.join(unknown)}")
    return definition, tags


def _structure(properties: Properties) -> Properties:
    return {key: value for key, value in properties.items() if key not in _ASIDE}


def _closed(properties: Properties) -> set[str]:
    return {each["StageName"] for each in properties.get("DisableInboundStageTransitions", [])}


def _close(pipeline: Pipeline, properties: Properties) -> None:
    for each in properties.get("DisableInboundStageTransitions", []):
        if not pipeline.closed(each["StageName"]):
            lifecycle.close(pipeline, each["StageName"], each["Reason"])


def _lower(said: Any) -> Any:
    if isinstance(said, list):
        return [_lower(each) for each in said]
    if not isinstance(said, dict):
        return said
    return {key[0].lower() + key[1:]: _value(key, value) for key, value in said.items()}


def _value(key: str, value: Any) -> Any:
    """Values are text in a configuration, whatever the template makes of them."""
    if key == "Configuration":
        return {name: _text(each) for name, each in value.items()}
    return int(value) if key in _NUMBERS else _lower(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


HANDLERS = {"create": _create, "update": _update, "update_with_logical_id": True, "delete": _delete}
