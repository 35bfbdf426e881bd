"""The record of a deployment: what the API tells of it, and what it takes to carry it out."""

from __future__ import annotations

from dataclasses import asdict

from localcloud.deployments import appspec, configurations, store
from localcloud.services import Body

EVENTS = (appspec.BEFORE, "AllowTraffic", appspec.AFTER)
_STATES = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")


def counted(state: str) -> Body:
    """A DeploymentOverview of the one target that a Lambda deployment has."""
    return {name: int(name == state) for name in _STATES}


def new(group: Body, request: Body, creator: str) -> Body:
    """The record of a deployment of a group; refuses what cannot be carried out."""
    config = request.get("deploymentConfigName") or group["deploymentConfigName"]
    routing = configurations.described(config)["trafficRoutingConfig"]
    spec = appspec.read(request["revision"])
    deployment_id = store.new_deployment_id()
    info = {
        "applicationName": group["applicationName"],
        "deploymentGroupName": group["deploymentGroupName"],
        "deploymentConfigName": config,
        "deploymentId": deployment_id,
        "revision": request["revision"],
        "status": "Created",
        "createTime": store.now(),
        "creator": creator,
        "deploymentOverview": counted("Pending"),
        "deploymentStyle": group["deploymentStyle"],
        "computePlatform": "Lambda",
        "ignoreApplicationStopFailures": False,
        "updateOutdatedInstancesOnly": False,
        "instanceTerminationWaitTimeStarted": False,
    }
    if request.get("description"):
        info["description"] = request["description"]
    if last := group.get("targetRevision"):
        info["previousRevision"] = last
    rollback = request.get("autoRollbackConfiguration") or group.get("autoRollbackConfiguration") or {}
    alarms = request.get("overrideAlarmConfiguration") or group.get("alarmConfiguration") or {}
    info["autoRollbackConfiguration"] = rollback
    if request.get("overrideAlarmConfiguration"):
        info["overrideAlarmConfiguration"] = alarms
    return {
        "info": info,
        "target": _target(deployment_id, spec),
        "appspec": asdict(spec),
        "role": group["serviceRoleArn"],
        "routing": routing,
        "alarms": alarms,
        "rollback": rollback,
        "hooks": {},
        "stop": "",
        "back": None,
    }


def rollback(record: Body, deployment_id: str, problem: Body) -> Body:
    """The record of the deployment that took a deployment's traffic back; ``problem``: why it could not."""
    info, done, now = record["info"], "Failed" if problem else "Succeeded", store.now()
    was = appspec.AppSpec(**record["appspec"])
    spec = appspec.AppSpec(was.function, was.alias, was.target, was.current)
    told = {
        "applicationName": info["applicationName"],
        "deploymentGroupName": info["deploymentGroupName"],
        "deploymentConfigName": configurations.DEFAULT,
        "deploymentId": deployment_id,
        "revision": appspec.written(spec, was.function),
        "previousRevision": info["revision"],
        "status": done,
        "createTime": now,
        "startTime": now,
        "completeTime": now,
        "creator": "codeDeployRollback",
        "deploymentOverview": counted(done),
        "deploymentStyle": info["deploymentStyle"],
        "computePlatform": "Lambda",
        "rollbackInfo": {"rollbackTriggeringDeploymentId": info["deploymentId"]},
    }
    if problem:
        told["errorInformation"] = problem
    target = _target(deployment_id, spec)
    target.update(status=done, lastUpdatedAt=now)
    target["lambdaFunctionInfo"]["targetVersionWeight"] = 0.0 if problem else 1.0
    for event in target["lifecycleEvents"]:
        ran = event["lifecycleEventName"] == "AllowTraffic"
        event.update(status=done if ran else "Skipped", startTime=now, endTime=now)
    return {**record, "info": told, "appspec": asdict(spec), "target": target, "hooks": {}}


def _target(deployment_id: str, spec: appspec.AppSpec) -> Body:
    """A LambdaTarget that has not begun; its id is the function's name, as on AWS."""
    arn = f"{store.arn('function', spec.function)}:{spec.alias}".replace("codedeploy", "lambda", 1)
    return {
        "deploymentId": deployment_id,
        "targetId": spec.function,
        "targetArn": arn,
        "status": "Pending",
        "lastUpdatedAt": store.now(),
        "lifecycleEvents": [{"lifecycleEventName": name, "status": "Pending"} for name in EVENTS],
        "lambdaFunctionInfo": {
            "functionName": spec.function,
            "functionAlias": spec.alias,
            "currentVersion": spec.current,
            "targetVersion": spec.target,
            "targetVersionWeight": 0.0,
        },
    }
