"""The log of a real pipeline's build, as a developer reads it."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from delivery import cli
from delivery.pipelines import Pipelines
from tests.real_pipelines import allow, trusted, until

BUILDSPEC = """
version: 0.2
phases:
  build:
    on-failure: ABORT
    commands:
      - seq 100
      - echo "tests [red] :x:"; exit 3
"""


class Broken:
    """A pipeline of its own whose build prints a hundred lines and fails."""

    def __init__(self) -> None:
        self.deployable = f"toy{secrets.token_hex(4)}"
        self.name = f"wotr-{self.deployable}"
        self.project = f"{self.name}-build"
        self.bucket = f"wotr-test-{secrets.token_hex(6)}"
        session: Any = boto3.Session()
        self._pipeline, self._codebuild = session.client("codepipeline"), session.client("codebuild")
        self._source()
        self._codebuild.create_project(
            name=self.project,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "ARM_CONTAINER",
                "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=trusted("codebuild.amazonaws.com", allow("logs:*"), allow("s3:*")),
        )
        self._pipeline.create_pipeline(pipeline=self._definition())

    def start(self) -> None:
        """Run it again."""
        self._pipeline.start_pipeline_execution(name=self.name)

    def end(self) -> None:
        """Take it away."""
        self._pipeline.delete_pipeline(name=self.name)
        self._codebuild.delete_project(name=self.project)

    def _source(self) -> None:
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("buildspec.yml", BUILDSPEC)
        s3.put_object(Bucket=self.bucket, Key="source.zip", Body=content.getvalue())

    def _definition(self) -> dict[str, Any]:
        def action(category: str, provider: str, **settings: str) -> dict[str, Any]:
            kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
            return {"name": category, "actionTypeId": kind, "configuration": settings}

        place = {"S3Bucket": self.bucket, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"}
        source = action("Source", "S3", **place) | {"outputArtifacts": [{"name": "Source"}]}
        build = action("Build", "CodeBuild", ProjectName=self.project)
        return {
            "name": self.name,
            "roleArn": trusted("codepipeline.amazonaws.com", allow("s3:*"), allow("codebuild:*")),
            "artifactStore": {"type": "S3", "location": self.bucket},
            "stages": [
                {"name": "Source", "actions": [source]},
                {"name": "Build", "actions": [build | {"inputArtifacts": [{"name": "Source"}]}]},
            ],
            "pipelineType": "V2",
            "executionMode": "QUEUED",
        }


@pytest.fixture
def broken() -> Iterator[Broken]:
    made = Broken()
    yield made
    made.end()


def test_a_failed_build_is_read_in_the_terminal(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    def delivery(*words: str) -> tuple[int, list[str], str]:
        code = cli.main([*words])
        said = capfd.readouterr()
        return code, said.out.splitlines(), said.err

    printed = [*map(str, range(1, 101)), "tests [red] :x:"]

    code, followed, told = delivery("log", broken.deployable, "--follow")
    assert code == 0
    assert [line for line in followed if not line.startswith("[Container]")] == printed
    assert followed[-1].endswith("Build FAILED"), "it went on to the end"
    assert f"{broken.project}:" in told

    def ended() -> bool:
        return next(Pipelines().executions(broken.name)).ended

    until(ended)
    assert delivery("log", broken.deployable)[1] == followed
    assert delivery("log", broken.deployable, "--action", "build", "--tail", "9")[1] == followed[-9:]

    code, said, _ = delivery("state", broken.deployable)
    assert code == 0
    assert said[-1] == f"Next: python3 noxfile.py -s delivery -- log {broken.deployable}"

    broken.start()
    code, said, _ = delivery("follow", broken.deployable)
    assert code == 1
    assert said[-1] == f"Next: python3 noxfile.py -s delivery -- log {broken.deployable}"
    (shown,) = [place for place, line in enumerate(said) if line.endswith("the last lines of its log:")]
    (table,) = [place for place, line in enumerate(said) if line.startswith("pipeline ")]
    assert said[shown + 1 : shown + 26] == delivery("log", broken.deployable, "--tail", "25")[1]
    assert "tests [red] :x:" in said[shown:table]
