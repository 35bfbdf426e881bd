"""Which AWS calls each role made, and whether it was let: for comparing policies with what is really done.

Only a cloud that was started with ``record=True`` has this. It notes what IAM decided about sessions of
roles; calls of the account's root user, and calls that services make without asking IAM here, are not in it:

    GET /_wotr/calls        -> {"calls": [{"role", "session", "action", "resource", "decision", "suites"}, …]}
    PUT /_wotr/calls/SUITE  calls are from now on of that suite

``session`` is the function's name, the id of a container's task, or what somebody called it who assumed the
role; it is "" where a service acts with the role. ``decision`` is IAM's: Allow, ImplicitDeny where nothing
allows it, Deny where something forbids it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from threading import Lock
from typing import Any

import ministack.app as server
from ministack.core import iam_evaluator
from ministack.services import sts

from localcloud import grants

TOUCHES = (
    *grants.TOUCHES,
    "ministack.app:_handle_post_body_shortcuts",
    "ministack.core.iam_evaluator:AuthError",
    "ministack.core.iam_evaluator:_verified_key",
    "ministack.core.iam_evaluator:enforce",
    "ministack.services.sts:_sessions",
)

PATH = "/_wotr/calls"


@dataclass(frozen=True)
class Call:
    """One kind of call; ``resource`` is its ARN, or "*" where the service knows none."""

    role: str
    session: str
    action: str
    resource: str
    decision: str


class Calls:
    """Every kind of call that was seen, with the suites that it was seen in."""

    def __init__(self) -> None:
        self.suite = ""
        self._seen: dict[Call, set[str]] = {}
        self._lock = Lock()

    def note(self, call: Call) -> None:
        """Add a call; it costs a look into a dictionary where it is known."""
        with self._lock:
            self._seen.setdefault(call, set()).add(self.suite)

    def told(self) -> list[dict[str, Any]]:
        """Return all of them, as JSON has it."""
        with self._lock:
            return [{**vars(call), "suites": sorted(suites)} for call, suites in self._seen.items()]


def apply() -> None:
    """Note what is decided, and serve the path."""
    calls = Calls()
    _note_requests(calls)
    _note_services(calls)
    _serve(calls)


def _note_requests(calls: Calls) -> None:
    """Requests, each with a session's key. A key that proves nobody is no call of a role."""
    enforce = iam_evaluator.enforce

    def noted(key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any) -> Any:
        denied = enforce(key, action, service, region, resource_arn=resource_arn, **more)
        arn = str(sts._sessions.get(key, {}).get("Arn", ""))
        # The signature of a presigned address is judged later: what it is denied may be a forgery.
        proved = denied is None or iam_evaluator._verified_key.get() == key
        if ":assumed-role/" in arn and proved and not isinstance(denied, iam_evaluator.AuthError):
            _prefix, role, session = arn.split("/", 2)
            calls.note(Call(role, session, action, resource_arn, denied.decision if denied else "Allow"))
        return denied

    iam_evaluator.enforce = noted


def _note_services(calls: Calls) -> None:
    """Deliveries that our bridges make in a role's name."""
    may = grants.may

    def noted(role: str, action: str, resource: str) -> bool:
        allowed = may(role, action, resource)
        decision = "Allow" if allowed else "ImplicitDeny"
        calls.note(Call(role.rpartition("/")[2], "", action, resource, decision))
        return allowed

    grants.may = noted


def _serve(calls: Calls) -> None:
    shortcuts = server._handle_post_body_shortcuts

    async def served(method: str, path: str, *rest: Any) -> Any:
        if path == PATH and method == "GET":
            status, answer = 200, {"calls": calls.told()}
        elif path.startswith(f"{PATH}/") and method == "PUT":
            calls.suite = path[len(PATH) + 1 :]
            status, answer = 200, {}
        else:
            return await shortcuts(method, path, *rest)
        return status, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    server._handle_post_body_shortcuts = served
