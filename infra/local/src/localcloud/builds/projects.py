"""Projects: the operations on them."""

from __future__ import annotations

import time

from localcloud.builds import records, settings
from localcloud.builds.pages import page
from localcloud.services import Body, Operation, Refusal

_HOUR, _WORKDAY = 60, 480
# Without an own key, artifacts are encrypted with S3's.
_DEFAULT_KEY = "alias/aws/s3"


def create(request: Body) -> Body:
    """CreateProject."""
    name = request["name"]
    if name in records.projects:
        raise Refusal("ResourceAlreadyExistsException", f"there is a project {name} already")
    settings.check(request, settings.PROJECT)
    now = time.time()
    defaults = {
        "timeoutInMinutes": _HOUR,
        "queuedTimeoutInMinutes": _WORKDAY,
        "cache": {"type": "NO_CACHE"},
        "encryptionKey": records.key_arn(_DEFAULT_KEY),
    }
    fixed = {"arn": records.arn(f"project/{name}"), "badge": {"badgeEnabled": False}, "created": now}
    records.projects[name] = defaults | _kept(request) | fixed | {"lastModified": now}
    return {"project": records.told(records.projects, name)}


def _kept(request: Body) -> Body:
    """What of a request a project is told with."""
    unsaid = ("badgeEnabled", "autoRetryLimit")
    return {key: value for key, value in request.items() if value is not None and key not in unsaid}


def update(request: Body) -> Body:
    """UpdateProject: what it does not name stays."""
    name = request["name"]
    records.found(records.projects, name, "project")
    settings.check(request, settings.PROJECT)
    with records.change(records.projects, name) as project:
        project.update(_kept(request) | {"lastModified": time.time()})
    return {"project": records.told(records.projects, name)}


def delete(request: Body) -> Body:
    """DeleteProject. Its builds go with it."""
    name = request["name"].rpartition("/")[2]
    with records.lock:
        records.projects.pop(name, None)
        records.numbers.pop(name, None)
        for build in [key for key in records.builds if key.startswith(f"{name}:")]:
            if records.builds[build]["buildComplete"]:
                records.builds.pop(build)
    return {}


def get(request: Body) -> Body:
    """BatchGetProjects."""
    names = [name.rpartition("/")[2] for name in request["names"]]
    known = [name for name in names if name in records.projects]
    return {
        "projects": [records.told(records.projects, name) for name in known],
        "projectsNotFound": [name for name in names if name not in known],
    }


def list_all(request: Body) -> Body:
    """ListProjects."""
    key = {"CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}.get(
        request.get("sortBy", ""), "name"
    )
    with records.lock:
        found = sorted(records.projects.values(), key=lambda each: each[key])
    return page(request, "projects", [each["name"] for each in found])


def invalidate_cache(request: Body) -> Body:
    """InvalidateProjectCache: the next build finds none, because its cache has another name."""
    name = request["projectName"]
    records.found(records.projects, name, "project")
    with records.lock:
        records.generations[name] = records.generations.get(name, 0) + 1
    return {}


OPERATIONS: dict[str, Operation] = {
    "CreateProject": create,
    "UpdateProject": update,
    "DeleteProject": delete,
    "BatchGetProjects": get,
    "ListProjects": list_all,
    "InvalidateProjectCache": invalidate_cache,
}
