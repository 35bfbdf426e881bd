"""``AWS::CodeBuild::Project`` and ``AWS::CodeBuild::ReportGroup`` for CloudFormation."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import provisioners

from localcloud.builds import projects, records, reports
from localcloud.provisioning import Properties, Provisioned
from localcloud.services import Body, Refusal, fitting

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_physical_name",
)
# What a template spells otherwise than the API with a capital.
_NAMES = {"BuildSpec": "buildspec", "S3Logs": "s3Logs", "Triggers": "webhook"}
_UNSAID = {"Visibility": "PRIVATE"}


def _api(value: Any) -> Any:
    """A template's properties by the API's names."""
    if isinstance(value, dict):
        return {_NAMES.get(key, key[:1].lower() + key[1:]): _api(inner) for key, inner in value.items()}
    return [_api(inner) for inner in value] if isinstance(value, list) else value


def _tags(properties: Properties) -> list[Body]:
    return [{"key": tag["Key"], "value": str(tag["Value"])} for tag in properties.get("Tags") or []]


def _project(name: str, properties: Properties) -> Body:
    for key, only in _UNSAID.items():
        if properties.get(key, only) != only:
            raise ValueError(f"{key} {properties[key]} is not there on the local cloud")
    said = {key: value for key, value in properties.items() if key not in ("Name", "Tags", *_UNSAID)}
    request: Body = _api(said)
    return request | {"name": name, "tags": _tags(properties)}


def _call(operation: Any, service_operation: str, request: Body) -> Body:
    try:
        answer: Body = operation(fitting("codebuild", service_operation, request))
        return answer
    except Refusal as refusal:
        raise ValueError(f"{refusal.code}: {refusal}") from None


def _create_project(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("Name") or provisioners._physical_name(stack, logical_id, max_len=150)
    made = _call(projects.create, "CreateProject", _project(name, properties))
    return name, {"Arn": made["project"]["arn"]}


def _update_project(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    if old.get("Name") != new.get("Name"):
        made = _create_project(logical_id, new, stack)
        _delete_project(name, old)
        return made
    request = _project(name, new)
    with records.lock:
        # What the new template says nothing of falls back to its default.
        before = records.projects.pop(name, None)
        try:
            made_again = _call(projects.create, "CreateProject", request)
        except ValueError:
            records.projects[name] = before
            raise
        if before is not None:
            records.projects[name]["created"] = before["created"]
    return name, {"Arn": made_again["project"]["arn"]}


def _delete_project(name: str, _properties: Properties) -> None:
    projects.delete({"name": name})


def _group(properties: Properties, name: str) -> Body:
    request = {"name": name, "type": properties["Type"], "exportConfig": _api(properties["ExportConfig"])}
    return request | {"tags": _tags(properties)}


def _create_group(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("Name") or provisioners._physical_name(stack, logical_id, max_len=128)
    made = _call(reports.create_group, "CreateReportGroup", _group(properties, name))
    arn = made["reportGroup"]["arn"]
    return arn, {"Arn": arn}


def _update_group(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    if any(old.get(fixed) != new.get(fixed) for fixed in ("Name", "Type")):
        made = _create_group(logical_id, new, stack)
        _delete_group(arn, old)
        return made
    request = {"arn": arn, "exportConfig": _api(new["ExportConfig"]), "tags": _tags(new)}
    _call(reports.update_group, "UpdateReportGroup", request)
    return arn, {"Arn": arn}


def _delete_group(arn: str, properties: Properties) -> None:
    delete = str(properties.get("DeleteReports", False)).lower() == "true"
    _call(reports.delete_group, "DeleteReportGroup", {"arn": arn, "deleteReports": delete})


HANDLERS = {
    "AWS::CodeBuild::Project": {
        "create": _create_project,
        "update": _update_project,
        "update_with_logical_id": True,
        "delete": _delete_project,
    },
    "AWS::CodeBuild::ReportGroup": {
        "create": _create_group,
        "update": _update_group,
        "update_with_logical_id": True,
        "delete": _delete_group,
    },
}
