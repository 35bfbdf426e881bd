"""Source actions of pipelines that take a commit through a connection.

The artifact is a zip of the files, without ``.git``; the commit's hash is the artifact's revision and the
variable CommitId. CODEBUILD_CLONE_REF, where CodeBuild clones the repository itself, is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from localcloud import connections, git, grants, repositories, service_roles
from localcloud.errors import LocalCloudError
from localcloud.pipelines import artifact_store
from localcloud.pipelines.actions import Action, Outcome
from localcloud.services import Refusal

CONFIGURATION = frozenset(
    {"ConnectionArn", "FullRepositoryId", "BranchName", "OutputArtifactFormat", "DetectChanges"}
)
REQUIRED = frozenset({"ConnectionArn", "FullRepositoryId", "BranchName"})
TOUCHES = (*grants.TOUCHES, *service_roles.TOUCHES)

_FORMAT = "CODE_ZIP"
_SUMMARY = 1000

_where: tuple[Path, Mapping[str, str]] = (Path(), {})


def use(folder: Path, variables: Mapping[str, str]) -> None:
    """Take commits from the repositories in ``folder``; ``variables`` say where git is found."""
    global _where  # noqa: PLW0603 - a provider is a module, and this is said once, at the start
    _where = (folder, variables)


def problems(configuration: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with values of a configuration."""
    if configuration.get("OutputArtifactFormat", _FORMAT) != _FORMAT:
        yield f"OutputArtifactFormat {configuration['OutputArtifactFormat']} is not there on the local cloud"
    if configuration.get("DetectChanges", "true").lower() not in ("true", "false"):
        yield "DetectChanges is true or false"


def run(action: Action) -> Outcome:
    """Put the files of the commit into the output artifact."""
    configuration = action.configuration
    repository = configuration["FullRepositoryId"]
    refused = _refusal(action)
    if refused:
        return Outcome("Failed", refused, code="PermissionError")
    folder, variables = _where
    try:
        bare = git.Repository(repositories.path(folder, repository), variables)
        if not bare.folder.is_dir():
            return _failed(f"the connection leads to no repository {repository}")
        wanted = action.resumes or action.source
        commit = bare.commit(wanted) if wanted else bare.branch(configuration["BranchName"])
        if commit is None:
            missing = f"commit {wanted}" if wanted else f"branch {configuration['BranchName']}"
            return _failed(f"{repository} has no {missing}")
        action.tell(commit.id)
        for location in action.outputs.values():
            artifact_store.put(action.variables, location, bare.archive(commit.id))
    except (git.GitFailed, LocalCloudError) as error:
        return _failed(str(error))
    connection = connections.find(configuration["ConnectionArn"])
    said = {"ProviderType": connection["ProviderType"], "CommitMessage": commit.message[:_SUMMARY]}
    return Outcome(
        "Succeeded",
        summary=json.dumps(said),  # in CodePipeline's form
        external_id=commit.id,
        revision=commit.id,
        variables={
            "AuthorDate": commit.date,
            "BranchName": configuration["BranchName"],
            "CommitId": commit.id,
            "CommitMessage": commit.message,
            "ConnectionArn": configuration["ConnectionArn"],
            "FullRepositoryName": repository,
        },
    )


def _refusal(action: Action) -> str:
    """Why the action may not use its connection."""
    arn = action.configuration["ConnectionArn"]
    try:
        connections.find(arn)
    except Refusal as refusal:
        return str(refusal)
    return grants.refusal(
        action.variables["AWS_ACCESS_KEY_ID"],
        "codeconnections:UseConnection",
        arn,
        codeconnections__fullrepositoryid=action.configuration["FullRepositoryId"],
    )


def _failed(reason: str) -> Outcome:
    return Outcome("Failed", reason, code="ConfigurationError")
