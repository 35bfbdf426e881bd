"""Gap: a push starts exactly the pipelines that wait for it, and their source is the pushed commit."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clones import Clone
from kept_cloud import kept
from pipelines import Account, Running, account, approval, stage
from stack import Client, Wait, allow

from localcloud import LocalCloud, repositories

REPOSITORY = "wotr/contract"
API = {"branches": {"includes": ["main"]}, "filePaths": {"includes": ["services/api/**"]}}
NOTES = {"branches": {"includes": ["main"]}, "filePaths": {"includes": ["notes/**"]}}


@pytest.fixture
def ours(client: Client) -> Account:
    return account(client)


@pytest.fixture
def repository() -> str:
    return f"wotr/contract-{secrets.token_hex(4)}"


@pytest.fixture
def clone(cloud: LocalCloud, tmp_path: Path, repository: str) -> Clone:
    made = Clone(tmp_path / "clone", repositories.create(cloud.repositories, repository))
    made.commit(services__api__x="1", notes__n="1")
    made.seed()
    return made


def connected(ours: Account, repository: str, may: str = "*") -> str:
    """A connection that the pipelines' role may use, for that repository alone where one is named."""
    connections, iam = ours.client("codeconnections"), ours.client("iam")
    arn = str(connections.create_connection(ConnectionName="c", ProviderType="GitHub")["ConnectionArn"])
    use = allow("codeconnections:UseConnection", arn)
    use["Condition"] = {"StringLike": {"codeconnections:FullRepositoryId": may}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [use]})
    iam.put_role_policy(RoleName=ours.role.rpartition("/")[2], PolicyName="use", PolicyDocument=policy)
    return arn


def source(arn: str, repository: str, **configuration: str) -> dict[str, Any]:
    kind = {
        "category": "Source",
        "owner": "AWS",
        "provider": "CodeStarSourceConnection",
        "version": "1",
    }
    said = {"ConnectionArn": arn, "FullRepositoryId": repository, "BranchName": "main"}
    return {
        "name": "Source",
        "actionTypeId": kind,
        "configuration": said | {"OutputArtifactFormat": "CODE_ZIP"} | configuration,
        "outputArtifacts": [{"name": "Source"}],
        "namespace": "Source",
    }


def make(ours: Account, arn: str, repository: str, *push: dict[str, Any]) -> Running:
    git = {"sourceActionName": "Source", "push": list(push)}
    return ours.make(
        stages=[
            stage("Source", source(arn, repository)),
            stage("Approve", approval(configuration={"CustomData": "#{Source.CommitId}"})),
        ],
        triggers=[{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}],
    )


def test_a_push_starts_the_pipelines_whose_filters_fit_once_with_its_commit(
    ours: Account, clone: Clone, repository: str, client: Client, eventually: Wait
) -> None:
    arn = connected(ours, repository)
    api, notes = make(ours, arn, repository, API), make(ours, arn, repository, NOTES)
    everything = make(ours, arn, repository, {"branches": {"includes": ["main"]}})

    commit = clone.commit(services__api__x="2")
    clone.git("push", "-q", "local", "main")
    # The next push is taken up behind the first, so that what the first started is known by then.
    last = clone.commit(README="2")
    clone.git("push", "-q", "local", "main")
    eventually(lambda: len(everything.executions()) == 3)
    assert [len(each.executions()) for each in (api, notes)] == [2, 1]

    pushed = api.executions()[0]
    assert pushed["trigger"] == {"triggerType": "WebhookV2", "triggerDetail": arn}
    (revision,) = eventually(lambda: api.executions()[0].get("sourceRevisions"))
    assert revision["revisionId"] == commit
    details = json.loads(revision["revisionSummary"])
    assert details == {"ProviderType": "GitHub", "CommitMessage": "Change services__api__x\n\nAnd say why"}
    newest = eventually(lambda: everything.executions()[0].get("sourceRevisions"))
    assert newest[0]["revisionId"] == last

    (action,) = [
        each
        for each in api.actions(pipelineExecutionId=pushed["pipelineExecutionId"])
        if each["stageName"] == "Source"
    ]
    variables = action["output"]["outputVariables"]
    assert variables.pop("AuthorDate").startswith("20")
    assert variables == {
        "BranchName": "main",
        "CommitId": commit,
        "CommitMessage": "Change services__api__x\n\nAnd say why",
        "ConnectionArn": arn,
        "FullRepositoryName": repository,
    }
    place = action["output"]["outputArtifacts"][0]["s3location"]
    body = client("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.read("services/api/x") == b"2"
        assert "README" not in archive.namelist()


def test_a_caller_starts_an_older_commit(
    ours: Account, clone: Clone, repository: str, eventually: Wait
) -> None:
    running = make(ours, connected(ours, repository), repository, API)
    older = clone.git("rev-parse", "HEAD")
    clone.commit(notes__n="2")
    clone.git("push", "-q", "local", "main")
    revision = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": older}
    execution = running.start(sourceRevisions=[revision])
    taken = eventually(lambda: running.execution(execution).get("artifactRevisions"))
    assert taken[0]["revisionId"] == older


@pytest.mark.parametrize(
    "wrong",
    [
        ("another/*", {}, "not authorized to perform: codeconnections:UseConnection"),
        ("*", {"BranchName": "nosuch"}, "has no branch nosuch"),
        ("*", {"FullRepositoryId": "wotr/nosuch"}, "leads to no repository wotr/nosuch"),
        ("*", {"ConnectionArn": "arn:aws:codeconnections:a:0:connection/x"}, "there is no connection"),
    ],
)
def test_an_action_that_cannot_get_its_source_fails_and_says_why(
    ours: Account, clone: Clone, eventually: Wait, wrong: tuple[str, dict[str, str], str]
) -> None:
    may, configuration, said = wrong
    action = source(connected(ours, clone.name, may), clone.name, **configuration)
    running = ours.make(stages=[stage("Source", action), stage("Approve", approval())])
    eventually(running.ended(running.first()))
    failed = running.action("Source", "Source")["latestExecution"]
    assert failed["status"] == "Failed"
    assert said in failed["errorDetails"]["message"]


def test_what_is_not_there_is_refused_when_the_pipeline_is_made(ours: Account, repository: str) -> None:
    action = source("arn", repository, OutputArtifactFormat="CODEBUILD_CLONE_REF")
    with pytest.raises(ClientError, match="CODEBUILD_CLONE_REF is not there on the local cloud"):
        ours.make(stages=[stage("Source", action), stage("Approve", approval())])
    with pytest.raises(ClientError, match="nests groups"):
        make(ours, "arn", repository, {"branches": {"includes": ["{a,{b,c}}"]}})


def test_a_push_while_the_cloud_is_down_counts_when_it_is_back(
    cloud: LocalCloud, root: Path, tmp_path: Path, eventually: Wait
) -> None:
    del cloud  # it has made the environments
    with kept(root, tmp_path) as (own, client):
        ours = account(client)
        arn = connected(ours, REPOSITORY)
        clone = Clone(tmp_path / "clone", repositories.create(own.repositories, REPOSITORY))
        clone.commit(services__api__x="1")
        clone.seed()
        running = make(ours, arn, REPOSITORY, API)
        clone.commit(services__api__x="2")
        clone.git("push", "-q", "local", "main")
        eventually(lambda: len(running.executions()) == 2)
        eventually(lambda: running.token("Approve"))
    missed = clone.commit(services__api__x="3")
    clone.git("push", "-q", "local", "main")
    with kept(root, tmp_path) as (_, client):
        running = Running(client, running.name)
        eventually(lambda: len(running.executions()) == 3)
        source_of = eventually(lambda: running.executions()[0].get("sourceRevisions"))
        assert source_of[0]["revisionId"] == missed
        connection = client("codeconnections").get_connection(ConnectionArn=arn)["Connection"]
        assert connection["ConnectionStatus"] == "AVAILABLE"
