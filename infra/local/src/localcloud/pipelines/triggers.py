"""Which pipelines a push starts: decided from their definitions, as GetPipeline tells them.

A trigger with push filters starts its pipeline when one of them fits; within a filter everything must.
Without filters it is any push to the branch of the source action. A source action that no trigger speaks of
starts its pipeline the same way unless its DetectChanges is false.

Files are those that differ between the branch before the push and after it, whatever happened in between.
Where a filter asks for files and the branch is new, nobody knows what changed, and the pipeline does not
start: AWS documents that too. A file counts if an include and no exclude fits it; one such file is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from localcloud.pipelines import globs

PROVIDER = "CodeStarSourceConnection"

Definition = Mapping[str, Any]


@dataclass(frozen=True)
class Push:
    """One ref that was pushed to ``repository`` (OWNER/NAME).

    ``name`` of the branch or tag, ``commit`` that it is at now. ``files``: what changed; None where that
    cannot be said, as for a new branch.
    """

    repository: str
    kind: Literal["branch", "tag"]
    name: str
    commit: str
    files: tuple[str, ...] | None


def started(pipeline: Definition, push: Push) -> str | None:
    """The name of the connection (its ARN) by which the push starts the pipeline; None if it does not."""
    triggers = {each["gitConfiguration"]["sourceActionName"]: each for each in pipeline.get("triggers", [])}
    for action in _source_actions(pipeline):
        configuration = action["configuration"]
        if configuration["FullRepositoryId"] != push.repository:
            continue
        if _starts(triggers.get(action["name"]), configuration, push):
            return str(configuration["ConnectionArn"])
    return None


def _source_actions(pipeline: Definition) -> Iterator[Definition]:
    for stage in pipeline.get("stages", []):
        for action in stage["actions"]:
            if action["actionTypeId"]["provider"] == PROVIDER:
                yield action


def _starts(trigger: Definition | None, configuration: Definition, push: Push) -> bool:
    git = trigger["gitConfiguration"] if trigger else {}
    if git.get("push"):
        return any(_fits(each, push) for each in git["push"])
    if git.get("pullRequest"):
        return False
    detects = trigger is not None or str(configuration.get("DetectChanges", "true")).lower() != "false"
    return detects and push.kind == "branch" and push.name == configuration["BranchName"]


def _fits(wanted: Definition, push: Push) -> bool:
    if push.kind == "tag":
        return "tags" in wanted and _selected(wanted["tags"], push.name)
    if "tags" in wanted or not _selected(wanted.get("branches", {}), push.name):
        return False
    if "filePaths" not in wanted:
        return True
    return push.files is not None and any(_selected(wanted["filePaths"], file) for file in push.files)


def _selected(criteria: Definition, name: str) -> bool:
    return globs.selects(criteria.get("includes", []), criteria.get("excludes", []), name)
