"""Actions of CodeBuild: build and test (inside the server)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from localcloud import saving, service_roles
from localcloud.builds import handover
from localcloud.builds.handover import Handover
from localcloud.pipelines.actions import Action, Outcome
from localcloud.services import Body

CATEGORIES = ("Build", "Test")
CONFIGURATION = frozenset({"ProjectName", "EnvironmentVariables", "PrimarySource", "BatchEnabled"})
REQUIRED = frozenset({"ProjectName"})

_POLL_SECONDS = 0.3


def problems(configuration: Mapping[str, str]) -> list[str]:
    """What is wrong with values; the variables in them are not resolved yet."""
    found = []
    if configuration.get("BatchEnabled", "false").lower() != "false":
        found.append("BatchEnabled true is not there on the local cloud")
    try:
        _variables(configuration.get("EnvironmentVariables", "[]"))
    except ValueError as error:
        found.append(str(error))
    return found


def run(action: Action) -> Outcome:
    """Start a build with the action's artifacts and wait for its end."""
    codebuild = service_roles.client("codebuild", dict(action.variables))
    try:
        build_id = action.resumes or _start(action, codebuild)
        return _wait(action, codebuild, build_id)
    except ClientError as error:
        return Outcome("Failed", str(error), code=_code(error))
    except ValueError as error:
        return Outcome("Failed", str(error), code="ConfigurationError")


def _code(error: ClientError) -> str:
    code = str(error.response["Error"]["Code"])
    return "PermissionError" if code.startswith("AccessDenied") else "JobFailed"


def _start(action: Action, codebuild: Any) -> str:
    configuration = action.configuration
    primary = configuration.get("PrimarySource") or _only(action)
    if primary not in action.inputs:
        raise ValueError(f"PrimarySource {primary} is none of the action's input artifacts")
    token = action.action_execution_id
    revision = action.inputs[primary].revision
    handover.give(token, Handover(action.pipeline, primary, action.inputs, action.outputs, revision))
    try:
        started = codebuild.start_build(
            projectName=configuration["ProjectName"],
            environmentVariablesOverride=_variables(configuration.get("EnvironmentVariables", "[]")),
            idempotencyToken=token,
        )
    finally:
        handover.take(token)  # where the call was refused before it came to its artifacts
    return str(started["build"]["id"])


def _only(action: Action) -> str:
    if len(action.inputs) != 1:
        raise ValueError("PrimarySource is missing: there is more than one input artifact, or none")
    return next(iter(action.inputs))


def _variables(said: str) -> list[Body]:
    wrong = ValueError(f"EnvironmentVariables is no JSON list of name, value and type: {said}")
    try:
        variables: list[Body] = json.loads(said)
        texts = [{key: str(value) for key, value in each.items()} for each in variables]
    except (ValueError, TypeError, AttributeError):
        raise wrong from None
    if any(not {"name", "value"} <= set(each) <= {"name", "value", "type"} for each in texts):
        raise wrong
    return [{"type": "PLAINTEXT", **each} for each in texts]


def _wait(action: Action, codebuild: Any, build_id: str) -> Outcome:
    stopping, phase = False, ""
    while True:
        build = _build(codebuild, build_id)
        if build is None:
            return Outcome("Failed", f"the build {build_id} is not there any more", external_id=build_id)
        if build["buildComplete"]:
            return _outcome(action, build)
        if build["currentPhase"] != phase:
            phase = build["currentPhase"]
            action.tell(build_id, _url(build), f"{phase} of build {build['buildNumber']}")
        # A build that the server's end cuts off says so itself, when the server is back.
        if action.stop.wait(_POLL_SECONDS) and not stopping and not saving.ending.is_set():
            codebuild.stop_build(id=build_id)
            stopping = True
        elif action.stop.is_set():
            time.sleep(_POLL_SECONDS)


def _build(codebuild: Any, build_id: str) -> Body | None:
    found = codebuild.batch_get_builds(ids=[build_id])["builds"]
    return found[0] if found else None


def _url(build: Body) -> str:
    """Where its log is, as the console would have it."""
    region, account = build["arn"].split(":")[3:5]
    console = f"https://{region}.console.aws.amazon.com/codesuite/codebuild/{account}/projects"
    return f"{console}/{build['projectName']}/build/{build['id']}"


def _outcome(action: Action, build: Body) -> Outcome:
    told = {
        "external_id": build["id"],
        "url": _url(build),
        "variables": {each["name"]: each["value"] for each in build.get("exportedEnvironmentVariables", [])},
    }
    if build["buildStatus"] == "SUCCEEDED":
        return Outcome("Succeeded", f"Build {build['buildNumber']} succeeded", **told)
    if build["buildStatus"] == "STOPPED" and action.stop.is_set():
        return Outcome("Abandoned", "the build was stopped with its execution", **told)
    return Outcome("Failed", _why(build), **told)


def _why(build: Body) -> str:
    """What the first failed phase says."""
    for phase in build["phases"]:
        if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
            said = "; ".join(each["message"] for each in phase.get("contexts", []) if each.get("message"))
            return f"{phase['phaseType']} {phase['phaseStatus']}: {said}"
    return f"build {build['id']} ended as {build['buildStatus']}"
