"""What CodeDeploy knows: applications with their groups, configurations, deployments (inside the server)."""

from __future__ import annotations

import copy
import secrets
import string
import threading
import time
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from localcloud.services import Body, Refusal

# By name: {"info": ApplicationInfo, "groups": {name: DeploymentGroupInfo}}.
applications: Any = AccountRegionScopedDict()
# By name: DeploymentConfigInfo, of those that were made here.
configurations: Any = AccountRegionScopedDict()
# By id: {"info": DeploymentInfo, "target": LambdaTarget, "hooks": by event, its function and execution id}.
deployments: Any = AccountRegionScopedDict()
# By ARN: {key: value}.
tags: Any = AccountRegionScopedDict()

# Told whenever a deployment goes on, by itself or by a call.
changed = threading.Condition()

ENDED = ("Succeeded", "Failed", "Stopped")

_ALL = {
    "applications": applications,
    "configurations": configurations,
    "deployments": deployments,
    "tags": tags,
}
_ID_LETTERS = string.ascii_uppercase + string.digits


def save() -> Body:
    """Everything, for the next start."""
    return {name: copy.deepcopy(kept) for name, kept in _ALL.items()}


def load(saved: Body) -> None:
    """Take back what was saved."""
    for name, kept in _ALL.items():
        kept._data.update(saved[name]._data)


def reset() -> None:
    """Forget everything."""
    for kept in _ALL.values():
        kept._data.clear()


def application(name: str) -> Body:
    """An application; refuses what is not there."""
    found = applications.get(name)
    if found is None:
        raise Refusal("ApplicationDoesNotExistException", f"No application found for name: {name}")
    return dict(found)


def group(application_name: str, name: str) -> Body:
    """A deployment group of an application; refuses what is not there."""
    found: Body | None = application(application_name)["groups"].get(name)
    if found is None:
        raise Refusal("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
    return found


def deployment(deployment_id: str) -> Body:
    """A deployment's record; refuses what is not there."""
    found: Body | None = deployments.get(deployment_id)
    if found is None:
        raise Refusal("DeploymentDoesNotExistException", f"The deployment {deployment_id} could not be found")
    return found


def new_deployment_id() -> str:
    """An id as CodeDeploy gives it: d-1A2B3C4D5."""
    return "d-" + "".join(secrets.choice(_ID_LETTERS) for _ in range(9))


def arn(kind: str, name: str) -> str:
    """The ARN of an application, a deploymentgroup (APPLICATION/GROUP) or a deploymentconfig."""
    return f"arn:aws:codedeploy:{get_region()}:{get_account_id()}:{kind}:{name}"


def ended(record: Body) -> bool:
    """Whether a deployment is over."""
    return record["info"]["status"] in ENDED


def wait_until_ended(deployment_id: str, step: float, look: Any = None) -> Body:
    """Wait for a deployment's end, calling ``look`` every ``step`` seconds, which may raise."""
    record = deployment(deployment_id)
    while not ended(record):
        if look is not None:
            look()
        with changed:
            if not ended(record):
                changed.wait(step)
    return record


def tell_changed() -> None:
    """Wake whoever waits for a deployment."""
    with changed:
        changed.notify_all()


def now() -> float:
    """Seconds since 1970, as the API's timestamps are."""
    return round(time.time(), 3)
