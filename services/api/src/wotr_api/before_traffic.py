"""What is asked of a new version of each function before callers reach it. Plain functions: AWS is passed in.

Everything is asked for the sandbox user. Only `accept` stores something, one workout a deployment, and it is
looked for where the writer puts it: behind the queue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wotr_common import keys, traffic
from wotr_common.traffic import SANDBOX_USER, Shift, Unfit
from wotr_common.workout import Workout

_WRITTEN_WITHIN_SECONDS = (
    30  # a workout waits in the queue for seconds, and for a busy writer a little longer
)


@dataclass(frozen=True, slots=True)
class Look:
    """A deployment, its new version as a function from event to answer, and what is stored by now."""

    shift: Shift
    call: Callable[[Mapping[str, Any]], Any]
    stored: Callable[[Shift], Workout | None]


def check(name: str, look: Look) -> str:
    """Ask the new version of function `name`, by its logical id; in words what was seen, else Unfit."""
    if name not in CHECKS:
        raise Unfit(f"nobody has said what to ask {name}")
    return CHECKS[name](look)


def accepts(look: Look) -> str:
    """A synthetic workout is accepted, and stored with what was sent."""
    sent = traffic.sandbox_workout(look.shift)
    _answered(look, 202, "POST", "/workouts", body={"userId": SANDBOX_USER, **sent})
    found = traffic.eventually(lambda: look.stored(look.shift), _WRITTEN_WITHIN_SECONDS)
    if found is None:
        raise Unfit(f"what it accepted was not stored within {_WRITTEN_WITHIN_SECONDS} seconds")
    if wrong := traffic.differences(sent, found.answer()):
        raise Unfit(f"what it accepted is stored with another {wrong}")
    return f"accepted workout {found.workout_id}, and it is stored as it was sent"


def reads(look: Look) -> str:
    """A list, and a workout that is not there, as the table says."""
    listed = _answered(look, 200, "GET", "/me/workouts", query={"limit": "1"}, athlete=True)
    if not isinstance(listed.get("workouts"), list):
        raise Unfit("a list of workouts holds none, and no place for any")
    nobody = keys.workout_id(look.shift.sandbox_start().replace(year=1999))
    _answered(look, 404, "GET", f"/workouts/{SANDBOX_USER}/{nobody}")
    return "lists workouts, and knows what is not there"


def sums(look: Look) -> str:
    """The sandbox user's totals."""
    found = _answered(look, 200, "GET", f"/stats/{SANDBOX_USER}")
    if found.get("userId") != SANDBOX_USER or "total" not in found:
        raise Unfit("totals are not those of the user who was asked for")
    return "answers totals"


def changes(look: Look) -> str:
    """A change of what is not there comes back from workers as just that."""
    nobody = keys.workout_id(look.shift.sandbox_start().replace(year=1999))
    _answered(look, 404, "PATCH", f"/me/workouts/{nobody}", body={"version": 1, "rpe": 5}, athlete=True)
    return "asks workers, and tells what they say"


def exports(look: Look) -> str:
    """Everything of the sandbox user."""
    found = _answered(look, 200, "GET", "/me/export", query={"format": "json"}, athlete=True)
    if not isinstance(found.get("items"), list):
        raise Unfit("an export holds no items, and no place for any")
    return "exports"


def tells_of_secrets(look: Look) -> str:
    """The secrets' states."""
    found = _answered(look, 200, "GET", "/secrets-check")
    if not found.get("secrets"):
        raise Unfit("it finds no secrets")
    return "tells how secrets are"


def is_healthy(look: Look) -> str:
    """Health."""
    if _answered(look, 200, "GET", "/health").get("status") != "ok":
        raise Unfit("it does not say that it is well")
    return "says that it is well"


CHECKS: Mapping[str, Callable[[Look], str]] = {
    "AcceptFunction": accepts,
    "QueryFunction": reads,
    "ChangeFunction": changes,
    "ExportFunction": exports,
    "StatsFunction": sums,
    "SecretsFunction": tells_of_secrets,
    "HealthFunction": is_healthy,
}


def request(
    shift: Shift,
    method: str,
    path: str,
    *,
    body: object = None,
    query: Mapping[str, str] | None = None,
    athlete: bool = False,
) -> dict[str, Any]:
    """API Gateway's event for a call of the sandbox user, signed by a machine or with an athlete's token."""
    identity = {"userArn": f"arn:aws:sts::000000000000:assumed-role/before-traffic/{shift.deployment_id}"}
    claims = {"claims": {"sub": SANDBOX_USER, "token_use": "id"}}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()}
        if query
        else None,
        "pathParameters": None,
        "requestContext": {
            "requestId": shift.deployment_id,
            "path": path,
            "identity": {} if athlete else identity,
            **({"authorizer": claims} if athlete else {}),
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _answered(look: Look, status: int, method: str, path: str, **said: Any) -> dict[str, Any]:
    """The JSON body of the answer; Unfit where the answer has another status, or is no JSON object."""
    answer = look.call(request(look.shift, method, path, **said))
    found = answer.get("statusCode") if isinstance(answer, dict) else None
    if found != status:
        raise Unfit(f"{method} {path} is answered {found} instead of {status}")
    try:
        body = json.loads(answer["body"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unfit(f"{method} {path} is answered {found} without JSON") from error
    return body if isinstance(body, dict) else {}
