"""Projects, builds, report groups and reports, as the API tells them; kept with the server's state."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from localcloud.services import Body, Refusal

TOUCHES = ("ministack.core.responses:AccountRegionScopedDict",)

# The size of builds that mostly wait for others.
SMALL = "BUILD_GENERAL1_SMALL"
# Held by whoever changes or copies a record.
lock = RLock()
projects = AccountRegionScopedDict()
numbers = AccountRegionScopedDict()
"""How many builds a project has had."""
generations = AccountRegionScopedDict()
"""How often a project's cache was made invalid."""
builds = AccountRegionScopedDict()
groups = AccountRegionScopedDict()
reports = AccountRegionScopedDict()
details = AccountRegionScopedDict()
"""Test cases or covered files of a report."""

_STORES = {
    "projects": projects,
    "numbers": numbers,
    "generations": generations,
    "builds": builds,
    "groups": groups,
    "reports": reports,
    "details": details,
}
_INTERRUPTED = "the local cloud stopped while this build ran"


def arn(resource: str) -> str:
    """``project/NAME``, ``build/ID`` and so on, as an ARN of the caller's account and region."""
    return f"arn:aws:codebuild:{get_region()}:{get_account_id()}:{resource}"


def key_arn(key: str) -> str:
    """An encryption key, or its alias, as an ARN."""
    return key if key.startswith("arn:") else f"arn:aws:kms:{get_region()}:{get_account_id()}:{key}"


def told(store: Any, key: str) -> Body:
    """A copy of a record; KeyError."""
    with lock:
        found: Body = copy.deepcopy(store[key])
        return found


def found(store: Any, key: str, what: str) -> Body:
    """A copy of a record; refused where there is none."""
    try:
        return told(store, key)
    except KeyError:
        raise Refusal("ResourceNotFoundException", f"there is no {what} {key}") from None


@contextmanager
def change(store: Any, key: str) -> Iterator[Body]:
    """The record itself, while nobody else looks at it."""
    with lock:
        yield store[key]


def save() -> Mapping[str, Any]:
    """The state."""
    with lock:
        return copy.deepcopy(_STORES)


def load(state: Mapping[str, Any]) -> None:
    """Take a state in. Builds that were under way in it are over."""
    with lock:
        for name, store in _STORES.items():
            store._data.clear()
            store._data.update(state[name]._data if name in state else {})
        for build in builds._data.values():
            if not build["buildComplete"]:
                fault(build, _INTERRUPTED)


def reset() -> None:
    """Forget everything."""
    with lock:
        for store in _STORES.values():
            store._data.clear()


def fault(build: Body, reason: str) -> None:
    """End a build for a reason that is none of its own."""
    now = time.time()
    for phase in build["phases"]:
        if "endTime" not in phase:
            phase |= {"endTime": now, "durationInSeconds": int(now - phase["startTime"])}
            phase |= {"phaseStatus": "FAULT"}
            phase["contexts"] = [{"statusCode": "INTERNAL_SERVICE_ERROR", "message": reason}]
    build["phases"].append({"phaseType": "COMPLETED", "startTime": now})
    build |= {"buildStatus": "FAULT", "buildComplete": True, "currentPhase": "COMPLETED", "endTime": now}
