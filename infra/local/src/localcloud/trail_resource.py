"""``AWS::CloudTrail::Trail`` for CloudFormation (used by the gap ``trail``, inside the server)."""

from __future__ import annotations

from ministack.services import cloudtrail
from ministack.services.cloudformation import provisioners

from localcloud import trail_delivery
from localcloud.provisioning import Properties, Provisioned, call

TOUCHES = (
    "ministack.services.cloudformation.provisioners:_physical_name",
    "ministack.services.cloudtrail:_create_trail",
    "ministack.services.cloudtrail:_delete_trail",
    "ministack.services.cloudtrail:_put_event_selectors",
    "ministack.services.cloudtrail:_start_logging",
    "ministack.services.cloudtrail:_stop_logging",
    "ministack.services.cloudtrail:_trails",
    "ministack.services.cloudtrail:_update_trail",
)


def _request(name: str, properties: Properties) -> Properties:
    switches = {"IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"}
    wanted = {"S3BucketName", "S3KeyPrefix", "KMSKeyId", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"}
    said = {key: properties[key] for key in wanted if properties.get(key)}
    said |= {key: str(properties[key]).lower() == "true" for key in switches if key in properties}
    said["KmsKeyId"] = said.pop("KMSKeyId", "")
    return {"Name": name} | said


def _configure(name: str, properties: Properties) -> None:
    call(cloudtrail._update_trail, _request(name, properties))
    trail = cloudtrail._trails[name]
    if reason := trail_delivery.refusal(trail):
        raise ValueError(reason)
    if properties.get("EventSelectors"):
        raise ValueError("the local cloud knows advanced event selectors only")
    if selectors := properties.get("AdvancedEventSelectors"):
        request = {"TrailName": name, "AdvancedEventSelectors": selectors}
        call(cloudtrail._put_event_selectors, request)
    wanted = str(properties["IsLogging"]).lower() == "true"
    call(cloudtrail._start_logging if wanted else cloudtrail._stop_logging, {"Name": name})


def _create(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    name = properties.get("TrailName") or provisioners._physical_name(stack, logical_id, max_len=128)
    call(cloudtrail._create_trail, _request(name, properties))
    try:
        _configure(name, properties)
    except ValueError:
        call(cloudtrail._delete_trail, {"Name": name})
        raise
    return name, {"Arn": cloudtrail._trails[name]["TrailARN"]}


def _update(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Provisioned:
    if old.get("TrailName") != new.get("TrailName"):
        made = _create(logical_id, new, stack)
        _delete(name, old)
        return made
    _configure(name, new)
    return name, {"Arn": cloudtrail._trails[name]["TrailARN"]}


def _delete(name: str, _properties: Properties) -> None:
    if name in cloudtrail._trails:
        call(cloudtrail._delete_trail, {"Name": name})


HANDLERS = {"create": _create, "update": _update, "update_with_logical_id": True, "delete": _delete}
