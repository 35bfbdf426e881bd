"""CodeDeploy's operations for the compute platform Lambda; what belongs to the others is refused by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from localcloud.deployments import configurations, groups, records, shift, store
from localcloud.services import Body, Operation, Refusal, Service

_BATCH = 25
_ENDED_STATUSES = ("Succeeded", "Failed")


def service(minute: float) -> Service:
    """The service, whose minutes take ``minute`` seconds."""
    operations: dict[str, Operation] = {
        "CreateApplication": create_application,
        "GetApplication": lambda request: {"application": store.application(_name(request))["info"]},
        "BatchGetApplications": _batch_get_applications,
        "ListApplications": lambda _request: {"applications": list(store.applications)},
        "DeleteApplication": delete_application,
        "CreateDeploymentConfig": create_configuration,
        "GetDeploymentConfig": lambda request: {
            "deploymentConfigInfo": configurations.described(request["deploymentConfigName"])
        },
        "ListDeploymentConfigs": lambda _request: {"deploymentConfigsList": configurations.names()},
        "DeleteDeploymentConfig": delete_configuration,
        **groups.OPERATIONS,
        "CreateDeployment": partial(_create_deployment, minute),
        "GetDeployment": lambda request: {"deploymentInfo": _record(request)["info"]},
        "BatchGetDeployments": lambda request: {
            "deploymentsInfo": [store.deployment(each)["info"] for each in _few(request["deploymentIds"])]
        },
        "ListDeployments": _list_deployments,
        "StopDeployment": _stop_deployment,
        "PutLifecycleEventHookExecutionStatus": _put_hook_status,
        "ListDeploymentTargets": _list_targets,
        "GetDeploymentTarget": lambda request: {"deploymentTarget": _target(request, request["targetId"])},
        "BatchGetDeploymentTargets": lambda request: {
            "deploymentTargets": [_target(request, each) for each in _few(request["targetIds"])]
        },
        "TagResource": _tag,
        "UntagResource": _untag,
        "ListTagsForResource": lambda request: {"Tags": _tags(request["ResourceArn"])},
    }
    return Service(
        model="codedeploy",
        operations={name: _whole(operation) for name, operation in operations.items()},
        resource=resource,
        save=store.save,
        load=store.load,
        reset=store.reset,
    )


def _whole(operation: Operation) -> Operation:
    """Answers are whole: nobody was given a token to ask for more with."""

    def answer(request: Body) -> Body:
        if request.get("nextToken") or request.get("NextToken"):
            raise Refusal("InvalidNextTokenException", "nothing is left to tell: no answer had a token")
        return operation(request)

    return answer


def resource(_operation: str, request: Body) -> str:
    """The ARN that IAM is asked about."""
    if application := request.get("applicationName"):
        group = request.get("deploymentGroupName") or request.get("currentDeploymentGroupName")
        if group:
            return store.arn("deploymentgroup", f"{application}/{group}")
        return store.arn("application", application)
    if configuration := request.get("deploymentConfigName"):
        return store.arn("deploymentconfig", configuration)
    ids = [request["deploymentId"]] if "deploymentId" in request else request.get("deploymentIds", [])
    records_found = [found for each in ids if (found := store.deployments.get(each))]
    groups_found = {
        f"{found['info']['applicationName']}/{found['info']['deploymentGroupName']}"
        for found in records_found
    }
    if len(groups_found) == 1:
        return store.arn("deploymentgroup", groups_found.pop())
    return str(request.get("ResourceArn", "*"))


# Applications and configurations


def create_application(request: Body) -> Body:
    """CreateApplication."""
    name, platform = _name(request), request.get("computePlatform", "Server")
    if platform != "Lambda":
        raise Refusal(
            "InvalidComputePlatformException", f"the local cloud deploys to Lambda only, not to {platform}"
        )
    if name in store.applications:
        raise Refusal("ApplicationAlreadyExistsException", f"Application already exists: {name}")
    info = {
        "applicationId": groups.new_id(),
        "applicationName": name,
        "createTime": store.now(),
        "linkedToGitHub": False,
        "computePlatform": platform,
    }
    store.applications[name] = {"info": info, "groups": {}}
    groups.put_tags(store.arn("application", name), request.get("tags"))
    return {"applicationId": info["applicationId"]}


def delete_application(request: Body) -> Body:
    """DeleteApplication, with its groups; nothing where there is none."""
    store.applications.pop(_name(request), None)
    store.tags.pop(store.arn("application", _name(request)), None)
    return {}


def _batch_get_applications(request: Body) -> Body:
    names = _few(request["applicationNames"])
    return {"applicationsInfo": [store.application(name)["info"] for name in names]}


def _name(request: Body) -> str:
    return str(request["applicationName"])


def create_configuration(request: Body) -> Body:
    """CreateDeploymentConfig."""
    name = request["deploymentConfigName"]
    if request.get("computePlatform") != "Lambda":
        raise Refusal("InvalidComputePlatformException", "the local cloud deploys to Lambda only")
    if surplus := [key for key in ("minimumHealthyHosts", "zonalConfig") if key in request]:
        raise Refusal(
            "InvalidTrafficRoutingConfigurationException", f"Lambda deployments have no {', '.join(surplus)}"
        )
    if name in configurations.names():
        raise Refusal("DeploymentConfigAlreadyExistsException", f"{name} already exists")
    info = {
        "deploymentConfigId": groups.new_id(),
        "deploymentConfigName": name,
        "createTime": store.now(),
        "computePlatform": "Lambda",
        "trafficRoutingConfig": configurations.checked(request.get("trafficRoutingConfig")),
    }
    store.configurations[name] = info
    return {"deploymentConfigId": info["deploymentConfigId"]}


def delete_configuration(request: Body) -> Body:
    """DeleteDeploymentConfig, unless a group uses it."""
    name = request["deploymentConfigName"]
    if name.startswith("CodeDeployDefault."):
        raise Refusal("InvalidOperationException", f"{name} is CodeDeploy's own and cannot be deleted")
    for application in store.applications.values():
        if any(group["deploymentConfigName"] == name for group in application["groups"].values()):
            raise Refusal("DeploymentConfigInUseException", f"{name} is used by a deployment group")
    store.configurations.pop(name, None)
    return {}


# Deployments


def _create_deployment(minute: float, request: Body) -> Body:
    return {"deploymentId": start(request, minute, "user")}


def start(request: Body, minute: float, creator: str) -> str:
    """Begin a deployment and return its id; ``creator`` as in DeploymentInfo."""
    given = {
        name
        for name in ("targetInstances", "fileExistsBehavior", "deploymentMode")
        if request.get(name) is not None
    }
    given |= {n for n in ("ignoreApplicationStopFailures", "updateOutdatedInstancesOnly") if request.get(n)}
    if given:
        raise Refusal("InvalidInputException", f"Lambda deployments take no {', '.join(sorted(given))}")
    if not request.get("deploymentGroupName"):
        raise Refusal("DeploymentGroupNameRequiredException", "a deployment needs its deployment group")
    if not request.get("revision"):
        raise Refusal("RevisionRequiredException", "a deployment needs a revision")
    groups.check_alarms(request.get("overrideAlarmConfiguration"))
    groups.check_rollback(request.get("autoRollbackConfiguration"))
    group = store.group(_name(request), request["deploymentGroupName"])
    if busy := _in_progress(group):
        raise Refusal(
            "DeploymentLimitExceededException",
            f"The Deployment Group '{group['deploymentGroupName']}' already has an active Deployment: {busy}",
        )
    record = records.new(group, request, creator)
    deployment_id = str(record["info"]["deploymentId"])
    store.deployments[deployment_id] = record
    group["targetRevision"] = request["revision"]
    shift.begin(record, minute)
    return deployment_id


def _in_progress(group: Body) -> str:
    for deployment_id, record in store.deployments.items():
        info = record["info"]
        same = all(info[name] == group[name] for name in ("applicationName", "deploymentGroupName"))
        if same and not store.ended(record):
            return str(deployment_id)
    return ""


def _record(request: Body) -> Body:
    return store.deployment(request["deploymentId"])


def _list_deployments(request: Body) -> Body:
    """Ids, the newest first."""
    if request.get("externalId"):
        raise Refusal("InvalidExternalIdException", "deployments here have no external id")
    if name := request.get("deploymentGroupName"):
        store.group(request.get("applicationName", ""), name)
    elif request.get("applicationName"):
        raise Refusal("DeploymentGroupNameRequiredException", "name the application's deployment group too")
    wanted, span = request.get("includeOnlyStatuses"), request.get("createTimeRange") or {}
    found = []
    for deployment_id, record in store.deployments.items():
        info = record["info"]
        ours = all(
            request.get(key) in (None, info[key]) for key in ("applicationName", "deploymentGroupName")
        )
        since, until = _seconds(span.get("start"), 0.0), _seconds(span.get("end"), float("inf"))
        if ours and (not wanted or info["status"] in wanted) and since <= info["createTime"] <= until:
            found.append((info["createTime"], deployment_id))
    return {"deployments": [deployment_id for _, deployment_id in sorted(found, reverse=True)]}


def _seconds(moment: Any, default: float) -> float:
    return default if moment is None else float(moment)


def _stop_deployment(request: Body) -> Body:
    record = _record(request)
    if store.ended(record):
        raise Refusal("DeploymentAlreadyCompletedException", f"{request['deploymentId']} has ended already")
    stop(record, "The deployment was stopped by a user.", request.get("autoRollbackEnabled"))
    return {"status": "Pending", "statusMessage": "The deployment is being stopped."}


def stop(record: Body, why: str, back: bool | None) -> None:
    """Ask a deployment to stop; ``back``: whether the traffic goes back, None as its group says."""
    record["back"] = back
    record["stop"] = why
    store.tell_changed()


# Hooks and targets


def _put_hook_status(request: Body) -> Body:
    record = store.deployment(request.get("deploymentId", ""))
    execution, status = request.get("lifecycleEventHookExecutionId", ""), request.get("status")
    if status not in _ENDED_STATUSES:
        raise Refusal(
            "InvalidLifecycleEventHookExecutionStatusException", "a hook's status is Succeeded or Failed"
        )
    for hook in record["hooks"].values():
        if hook["id"] != execution:
            continue
        if hook["status"] != "InProgress" or store.ended(record):
            raise Refusal("LifecycleEventAlreadyCompletedException", "the hook has told its status already")
        hook["status"] = status
        store.tell_changed()
        return {"lifecycleEventHookExecutionId": execution}
    raise Refusal(
        "InvalidLifecycleEventHookExecutionIdException",
        f"{request['deploymentId']} has no such hook execution",
    )


def _list_targets(request: Body) -> Body:
    target = _record(request)["target"]
    filters: dict[str, list[str]] = request.get("targetFilters") or {}
    if surplus := set(filters) - {"TargetStatus"}:
        raise Refusal("InvalidTargetFilterNameException", f"Lambda targets are not filtered by {surplus}")
    wanted = filters.get("TargetStatus")
    return {"targetIds": [target["targetId"]] if not wanted or target["status"] in wanted else []}


def _target(request: Body, target_id: str) -> Body:
    target = _record(request)["target"]
    if target["targetId"] != target_id:
        raise Refusal("DeploymentTargetDoesNotExistException", f"no target {target_id} in this deployment")
    return {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}


# Tags


def _tag(request: Body) -> Body:
    groups.put_tags(request["ResourceArn"], request["Tags"])
    return {}


def _untag(request: Body) -> Body:
    for key in request["TagKeys"]:
        store.tags.get(request["ResourceArn"], {}).pop(key, None)
    return {}


def _tags(arn: str) -> list[Body]:
    return [{"Key": key, "Value": value} for key, value in store.tags.get(arn, {}).items()]


def _few(names: Iterable[str]) -> list[str]:
    asked = list(names)
    if len(asked) > _BATCH:
        raise Refusal("BatchLimitExceededException", f"at most {_BATCH} at once")
    return asked
