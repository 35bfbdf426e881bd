"""Deployment groups: with which role, how fast and with an eye on which alarms an alias is shifted."""

from __future__ import annotations

import re
import uuid

from localcloud.deployments import configurations, store
from localcloud.services import Body, Operation, Refusal

_STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
_SETTINGS = ("deploymentConfigName", "serviceRoleArn", "alarmConfiguration", "autoRollbackConfiguration")
_HONOURED = {
    *_SETTINGS,
    "applicationName",
    "deploymentGroupName",
    "currentDeploymentGroupName",
    "newDeploymentGroupName",
    "deploymentStyle",
    "tags",
}
_EVENTS = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}
_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/.+")
_MOST_ALARMS = 10


def new_id() -> str:
    """An id as CodeDeploy gives applications, groups and configurations."""
    return str(uuid.uuid4())


def put_tags(arn: str, tags: list[Body] | None) -> None:
    """Add tags to a resource."""
    if tags:
        store.tags[arn] = store.tags.get(arn, {}) | {tag["Key"]: tag["Value"] for tag in tags}


def create(request: Body) -> Body:
    """CreateDeploymentGroup."""
    name, application = request["deploymentGroupName"], store.application(request["applicationName"])
    _check(request)
    if name in application["groups"]:
        raise Refusal("DeploymentGroupAlreadyExistsException", f"Deployment Group already exists: {name}")
    group = {
        "applicationName": request["applicationName"],
        "deploymentGroupId": new_id(),
        "deploymentGroupName": name,
        "deploymentConfigName": configurations.DEFAULT,
        "deploymentStyle": _STYLE,
        "computePlatform": "Lambda",
        "autoRollbackConfiguration": {"enabled": False, "events": []},
        "alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []},
    }
    group |= {key: request[key] for key in _SETTINGS if key in request}
    application["groups"][name] = group
    put_tags(store.arn("deploymentgroup", f"{request['applicationName']}/{name}"), request.get("tags"))
    return {"deploymentGroupId": group["deploymentGroupId"]}


def update(request: Body) -> Body:
    """UpdateDeploymentGroup."""
    application = store.application(request["applicationName"])
    group = store.group(request["applicationName"], request["currentDeploymentGroupName"])
    _check(request)
    new_name = request.get("newDeploymentGroupName") or group["deploymentGroupName"]
    if new_name != group["deploymentGroupName"]:
        if new_name in application["groups"]:
            raise Refusal(
                "DeploymentGroupAlreadyExistsException", f"Deployment Group already exists: {new_name}"
            )
        del application["groups"][group["deploymentGroupName"]]
        application["groups"][new_name] = group
    group.update({key: request[key] for key in _SETTINGS if key in request}, deploymentGroupName=new_name)
    return {}


def delete(request: Body) -> Body:
    """DeleteDeploymentGroup; nothing where there is none."""
    application = store.applications.get(request["applicationName"])
    if application:
        application["groups"].pop(request["deploymentGroupName"], None)
    return {}


def described(application: str, name: str) -> Body:
    """DeploymentGroupInfo, with the last deployments of the group."""
    group = dict(store.group(application, name))
    ours = [
        record["info"]
        for record in store.deployments.values()
        if (record["info"]["applicationName"], record["info"]["deploymentGroupName"]) == (application, name)
    ]
    ours.sort(key=lambda info: float(info["createTime"]))
    succeeded = [info for info in ours if info["status"] == "Succeeded"]
    for key, found in (("lastAttemptedDeployment", ours), ("lastSuccessfulDeployment", succeeded)):
        if found:
            last = found[-1]
            group[key] = {"deploymentId": last["deploymentId"], "status": last["status"]}
            group[key] |= {
                to: last[of]
                for of, to in (("createTime", "createTime"), ("completeTime", "endTime"))
                if of in last
            }
    return group


def _check(request: Body) -> None:
    """Refuse what a deployment would not honour."""
    if surplus := sorted(set(request) - _HONOURED):
        raise Refusal("InvalidInputException", f"not honoured on the local cloud: {', '.join(surplus)}")
    if (style := request.get("deploymentStyle")) and {**_STYLE, **style} != _STYLE:
        raise Refusal(
            "InvalidDeploymentStyleException",
            "A Lambda deployment group is BLUE_GREEN and WITH_TRAFFIC_CONTROL, nothing else.",
        )
    if "serviceRoleArn" in request and not _ROLE.fullmatch(request["serviceRoleArn"]):
        raise Refusal("InvalidRoleException", f"{request['serviceRoleArn']} is no role")
    if "deploymentConfigName" in request:
        configurations.described(request["deploymentConfigName"])
    check_alarms(request.get("alarmConfiguration"))
    check_rollback(request.get("autoRollbackConfiguration"))


def check_alarms(alarms: Body | None) -> None:
    """Refuse alarms that are enabled and none, or too many."""
    named = (alarms or {}).get("alarms") or []
    if alarms and alarms.get("enabled") and not named:
        raise Refusal("InvalidAlarmConfigException", "alarms are enabled, and none is named")
    if any(not alarm.get("name") for alarm in named):
        raise Refusal("InvalidAlarmConfigException", "an alarm has no name")
    if len(named) > _MOST_ALARMS:
        raise Refusal("AlarmsLimitExceededException", f"at most {_MOST_ALARMS} alarms")


def check_rollback(rollback: Body | None) -> None:
    """Refuse a rollback that is enabled for nothing, or for what does not happen."""
    events = (rollback or {}).get("events") or []
    if rollback and rollback.get("enabled") and not events:
        raise Refusal("InvalidAutoRollbackConfigException", "rollback is enabled for no event")
    if unknown := set(events) - _EVENTS:
        raise Refusal("InvalidAutoRollbackConfigException", f"there is no event {', '.join(sorted(unknown))}")


def _get(request: Body) -> Body:
    return {"deploymentGroupInfo": described(request["applicationName"], request["deploymentGroupName"])}


def _batch_get(request: Body) -> Body:
    application, names = request["applicationName"], request["deploymentGroupNames"]
    return {"deploymentGroupsInfo": [described(application, name) for name in names]}


def _list(request: Body) -> Body:
    name = request["applicationName"]
    return {"applicationName": name, "deploymentGroups": list(store.application(name)["groups"])}


OPERATIONS: dict[str, Operation] = {
    "CreateDeploymentGroup": create,
    "GetDeploymentGroup": _get,
    "BatchGetDeploymentGroups": _batch_get,
    "ListDeploymentGroups": _list,
    "UpdateDeploymentGroup": update,
    "DeleteDeploymentGroup": delete,
}
