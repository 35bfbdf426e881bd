"""Which settings of projects and of StartBuild are honoured; any other is refused by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.services import Body, Refusal

_SOURCE: Body = {
    "type": ("CODEPIPELINE", "S3", "NO_SOURCE"),
    "location": str,
    "buildspec": str,
    "sourceIdentifier": str,
    "insecureSsl": (False,),
    "reportBuildStatus": (False,),
    "gitCloneDepth": (0,),
}
_ARTIFACTS: Body = {
    "type": ("CODEPIPELINE", "S3", "NO_ARTIFACTS"),
    "location": str,
    "path": str,
    "namespaceType": ("NONE", "BUILD_ID"),
    "name": str,
    "packaging": ("NONE", "ZIP"),
    "overrideArtifactName": bool,
    "encryptionDisabled": bool,
    "artifactIdentifier": str,
}
_CACHE: Body = {"type": ("NO_CACHE", "S3"), "location": str, "cacheNamespace": str}
_ENVIRONMENT: Body = {
    # Image and sizes are noted: a build has this machine.
    "type": ("LINUX_CONTAINER", "ARM_CONTAINER"),
    "image": str,
    "computeType": str,
    "imagePullCredentialsType": str,
    "environmentVariables": list,
    "privilegedMode": (False,),
}
_LOGS: Body = {
    "cloudWatchLogs": {"status": ("ENABLED", "DISABLED"), "groupName": str, "streamName": str},
    "s3Logs": {"status": ("DISABLED",), "encryptionDisabled": bool},
}
PROJECT: Body = {
    "name": str,
    "description": str,
    "source": _SOURCE,
    "secondarySources": [_SOURCE],
    "sourceVersion": str,
    "artifacts": _ARTIFACTS,
    "secondaryArtifacts": [_ARTIFACTS],
    "cache": _CACHE,
    "environment": _ENVIRONMENT,
    "serviceRole": str,
    "timeoutInMinutes": int,
    "queuedTimeoutInMinutes": int,
    "encryptionKey": str,
    "tags": list,
    "badgeEnabled": (False,),
    "logsConfig": _LOGS,
    "concurrentBuildLimit": int,
    "autoRetryLimit": (0,),
}
START: Body = {
    "projectName": str,
    "sourceVersion": str,
    "artifactsOverride": _ARTIFACTS,
    "secondaryArtifactsOverride": [_ARTIFACTS],
    "secondarySourcesOverride": [_SOURCE],
    "environmentVariablesOverride": list,
    "sourceTypeOverride": ("CODEPIPELINE", "S3", "NO_SOURCE"),
    "sourceLocationOverride": str,
    "buildspecOverride": str,
    "environmentTypeOverride": ("LINUX_CONTAINER", "ARM_CONTAINER"),
    "imageOverride": str,
    "computeTypeOverride": str,
    "cacheOverride": _CACHE,
    "serviceRoleOverride": str,
    "privilegedModeOverride": (False,),
    "timeoutInMinutesOverride": int,
    "queuedTimeoutInMinutesOverride": int,
    "encryptionKeyOverride": str,
    "idempotencyToken": str,
    "logsConfigOverride": _LOGS,
    "debugSessionEnabled": (False,),
}


def check(request: Body, honoured: Body) -> None:
    """Refuse what is not honoured."""
    problems = list(_problems(request, honoured, ""))
    if problems:
        raise Refusal("InvalidInputException", "; ".join(problems))
    _check_places(request)


def _problems(said: Any, honoured: Any, where: str) -> Iterator[str]:
    if isinstance(honoured, Mapping):
        for key, value in said.items():
            if key in honoured:
                yield from _problems(value, honoured[key], f"{where}.{key}".lstrip("."))
            elif value not in ("", [], {}, None):
                yield f"{where}.{key} is not there on the local cloud".lstrip(".")
    elif isinstance(honoured, list):
        for each in said:
            yield from _problems(each, honoured[0], where)
    elif isinstance(honoured, tuple) and said not in honoured:
        yield f"{where} {said}: on the local cloud there is {', '.join(map(str, honoured))}"


def _check_places(request: Body) -> None:
    """What of type S3 needs a bucket, and what is secondary a name of its own."""
    for key in ("source", "artifacts", "cache", "artifactsOverride", "cacheOverride"):
        said = request.get(key, {})
        if said.get("type") == "S3" and not said.get("location"):
            raise Refusal("InvalidInputException", f"{key}.location is missing")
    for key, name in (("secondarySources", "sourceIdentifier"), ("secondaryArtifacts", "artifactIdentifier")):
        if not all(each.get(name) for each in (*request.get(key, []), *request.get(f"{key}Override", []))):
            raise Refusal("InvalidInputException", f"{key}: each needs its {name}")
