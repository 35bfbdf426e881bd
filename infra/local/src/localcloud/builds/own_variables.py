"""The variables that CodeBuild itself gives every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from localcloud.builds import records
from localcloud.builds.handover import Handover
from localcloud.services import Body


def own_variables(build: Body, place: Callable[[str], Path], handover: Handover | None) -> dict[str, str]:
    """By name. ``place`` is the directory of a source, "" for the primary one."""
    names = [each["sourceIdentifier"] for each in build.get("secondarySources", [])]
    if handover is not None:
        names = [name for name in handover.inputs if name != handover.primary]
    known = {
        "CI": "true",
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_IMAGE": build["environment"]["image"],
        "CODEBUILD_BUILD_NUMBER": str(build["buildNumber"]),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build["initiator"],
        "CODEBUILD_KMS_KEY_ID": build["encryptionKey"],
        "CODEBUILD_LOG_PATH": build["logs"].get("streamName"),
        "CODEBUILD_PROJECT_ARN": records.arn(f"project/{build['projectName']}"),
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.get("resolvedSourceVersion"),
        "CODEBUILD_SOURCE_REPO_URL": build["source"].get("location"),
        "CODEBUILD_SOURCE_VERSION": build.get("sourceVersion"),
        "CODEBUILD_SRC_DIR": str(place("")),
        "CODEBUILD_START_TIME": str(int(build["startTime"] * 1000)),
        **{f"CODEBUILD_SRC_DIR_{name}": str(place(name)) for name in names},
    }
    return {name: value for name, value in known.items() if value}
