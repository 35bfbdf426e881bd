"""Manual approvals: provider Manual of category Approval.

What a topic is told is in AWS's form. Nothing serves the review link here: the endpoint's API does.
https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass
from uuid import uuid4

from localcloud import service_roles
from localcloud.pipelines.actions import Action, Outcome

CONFIGURATION = frozenset({"NotificationArn", "CustomData", "ExternalEntityLink"})
REQUIRED: frozenset[str] = frozenset()

_WEEK_SECONDS = 7 * 24 * 3600.0
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Decision:
    """Somebody's answer."""

    approved: bool
    reason: str
    by: str


_decisions: dict[str, Decision] = {}
_changed = threading.Condition()


def run(action: Action) -> Outcome:
    """Tell the topic, and wait for the answer to the token, which is the external id of this action."""
    token = action.resumes or str(uuid4())
    expires = action.started + (action.timeout_minutes * 60 or _WEEK_SECONDS)
    if not action.resumes:
        action.tell(token)
        if "NotificationArn" in action.configuration:
            _notify(action, token, expires)
    with _changed:
        while token not in _decisions:
            if action.stop.is_set():
                return Outcome("Abandoned", "The execution was stopped.")
            if time.time() >= expires:
                return Outcome("Failed", f"Nobody answered until {_clock(expires)}.")
            _changed.wait(_LOOK_SECONDS)
        decision = _decisions[token]
    if decision.approved:
        return Outcome("Succeeded", decision.reason)
    return Outcome("Failed", f"Rejected by {decision.by}: {decision.reason}")


def decide(token: str, decision: Decision) -> bool:
    """Answer whoever waits with this token, now or after the next start; False: it is answered already."""
    with _changed:
        if token in _decisions:
            return False
        _decisions[token] = decision
        _changed.notify_all()
        return True


def forget(token: str) -> None:
    """The answer has had its effect."""
    with _changed:
        _decisions.pop(token, None)


def look() -> None:
    """Let those who wait see that they are stopped."""
    with _changed:
        _changed.notify_all()


def save() -> dict[str, dict[str, object]]:
    """Answers that have had no effect yet."""
    with _changed:
        return {token: asdict(decision) for token, decision in _decisions.items()}


def load(said: dict[str, dict[str, object]]) -> None:
    """The reverse of ``save``."""
    with _changed:
        _decisions.clear()
        _decisions.update({token: Decision(**decision) for token, decision in said.items()})  # type: ignore[arg-type]


def _notify(action: Action, token: str, expires: float) -> None:
    region = action.variables["AWS_REGION"]
    console = f"{service_roles.endpoint()}/codepipeline/home?region={region}#/view/{action.pipeline}"
    approval = {
        "pipelineName": action.pipeline,
        "stageName": action.stage,
        "actionName": action.name,
        "token": token,
        "expires": _clock(expires),
        "externalEntityLink": action.configuration.get("ExternalEntityLink"),
        "approvalReviewLink": f"{console}/{action.stage}/{action.name}/approve/{token}",
        "customData": action.configuration.get("CustomData"),
    }
    message = {"region": region, "consoleLink": console, "approval": approval}
    service_roles.client("sns", dict(action.variables)).publish(
        TopicArn=action.configuration["NotificationArn"],
        Subject=f"APPROVAL NEEDED: AWS CodePipeline {action.pipeline} for action {action.name}"[:100],
        Message=json.dumps(message),
    )


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(seconds))
