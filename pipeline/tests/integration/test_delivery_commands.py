"""Operators' commands on a real pipeline, whose one stage prepares, asks and executes as the services' do."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from delivery import cli
from delivery.approvals import waiting
from delivery.history import Execution
from delivery.pipelines import Pipelines
from tests.real_pipelines import allow, trusted, until

VALUES = ("one", "two", "three")


class Toy:
    """A pipeline of its own that deploys one parameter to prod, and its source in a bucket."""

    def __init__(self) -> None:
        self.deployable = f"toy{secrets.token_hex(4)}"
        self.stack = f"wotr-{self.deployable}-prod"
        self.bucket = f"wotr-test-{secrets.token_hex(6)}"
        self.pipelines = Pipelines()
        self._client: Any = boto3.Session().client("codepipeline")
        boto3.client("s3").create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        boto3.client("s3").put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        self.push(VALUES[0])
        deploys = trusted("cloudformation.amazonaws.com", allow("ssm:*"))
        self._client.create_pipeline(pipeline=self._definition(deploys))

    def push(self, value: str) -> None:
        """Make this the source."""
        parameter = {"Type": "String", "Name": f"/{self.deployable}", "Value": value}
        template = {"Resources": {"Told": {"Type": "AWS::SSM::Parameter", "Properties": parameter}}}
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("template.json", json.dumps(template))
        boto3.client("s3").put_object(Bucket=self.bucket, Key="source.zip", Body=content.getvalue())

    def start(self) -> None:
        self._client.start_pipeline_execution(name=f"wotr-{self.deployable}")

    def value(self) -> str:
        return boto3.client("ssm").get_parameter(Name=f"/{self.deployable}")["Parameter"]["Value"]

    def asks(self) -> None:
        """Return when an approval waits."""
        known = self.pipelines.definition(self.deployable)
        until(lambda: waiting(self.pipelines, known) is not None)

    def ended(self, number: int) -> Execution:
        """The newest execution, when there are ``number`` and all have ended."""

        def look() -> list[Execution]:
            found = list(self.pipelines.executions(f"wotr-{self.deployable}"))
            return found if len(found) == number and all(each.ended for each in found) else []

        newest: Execution = until(look)[0]
        return newest

    def _definition(self, deploys: str) -> dict[str, Any]:
        deploy = {"category": "Deploy", "owner": "AWS", "provider": "CloudFormation", "version": "1"}
        target = {"StackName": self.stack, "ChangeSetName": "pipeline"}
        role = trusted(
            "codepipeline.amazonaws.com",
            allow("s3:*"),
            allow("cloudformation:*"),
            allow("iam:PassRole", deploys),
        )
        source = {
            "name": "Source",
            "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
            "configuration": {
                "S3Bucket": self.bucket,
                "S3ObjectKey": "source.zip",
                "PollForSourceChanges": "false",
            },
            "outputArtifacts": [{"name": "Source"}],
            "namespace": "Source",
        }
        prepare = {
            "name": "Prepare",
            "actionTypeId": deploy,
            "runOrder": 1,
            "configuration": target
            | {
                "ActionMode": "CHANGE_SET_REPLACE",
                "TemplatePath": "Source::template.json",
                "RoleArn": deploys,
            },
            "inputArtifacts": [{"name": "Source"}],
        }
        approve = {
            "name": "Approve",
            "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
            "runOrder": 2,
            "configuration": {"CustomData": "source: #{Source.VersionId}"},
        }
        execute = {
            "name": "Execute",
            "actionTypeId": deploy,
            "runOrder": 3,
            "configuration": target | {"ActionMode": "CHANGE_SET_EXECUTE"},
        }
        return {
            "name": f"wotr-{self.deployable}",
            "roleArn": role,
            "artifactStore": {"type": "S3", "location": self.bucket},
            "stages": [
                {"name": "Source", "actions": [source]},
                {"name": "Prod", "actions": [prepare, approve, execute]},
            ],
            "pipelineType": "V2",
            "executionMode": "QUEUED",
        }


@pytest.fixture
def toy() -> Iterator[Toy]:
    made = Toy()
    yield made
    boto3.Session().client("codepipeline").delete_pipeline(name=f"wotr-{made.deployable}")
    boto3.client("cloudformation").delete_stack(StackName=made.stack)


def test_a_version_is_approved_refused_and_brought_back(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    def delivery(*words: str) -> tuple[int, str]:
        code = cli.main([*words])
        said = capsys.readouterr()
        return code, said.out + said.err

    toy.asks()
    code, said = delivery("state", toy.deployable)
    assert code == 0
    assert "Approve waits for a person" in said
    assert f"Next: python3 noxfile.py -s delivery -- approve {toy.deployable}" in said
    code, said = delivery("rollback", toy.deployable, "--reason", "too early")
    assert code == 1
    assert "no good version before" in said

    code, said = delivery("approve", toy.deployable, "--reason", "it is good")
    assert code == 0
    assert "source: " in said, "what the pipeline tells its approver"
    assert toy.ended(1).status == "Succeeded"
    assert toy.value() == "one"
    assert delivery("approve", toy.deployable, "--reason", "again")[0] == 1

    for number, value in enumerate(VALUES[1:], 2):
        toy.push(value)
        toy.start()
        toy.asks()
        word = "reject" if value == "two" else "approve"
        assert delivery(word, toy.deployable, "--reason", f"{word} {value}")[0] == 0
        ended = toy.ended(number)
        assert ended.status == ("Failed" if value == "two" else "Succeeded")
        assert toy.value() == ("one" if value == "two" else "three")
    code, said = delivery("state")
    assert code == 0
    assert toy.deployable in said

    code, said = delivery("rollback", toy.deployable, "--list")
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()[1:3]] == [
        each.short
        for each in toy.pipelines.executions(f"wotr-{toy.deployable}")
        if each.status == "Succeeded"
    ]
    assert "can be gone back to" in said
    code, said = delivery("rollback", toy.deployable, "--reason", "three is bad")
    assert code == 1
    assert "--yes" in said
    assert toy.value() == "three"
    code, said = delivery("rollback", toy.deployable, "--reason", "three is bad", "--yes")
    assert code == 0, said
    assert toy.value() == "one"
    assert toy.ended(4).rolls_back_to

    code, said = delivery("figures")
    assert code == 0
    (line,) = [line for line in said.splitlines() if line.startswith(toy.deployable)]
    assert "1 good, 1 failed" in line
    assert "not enough executions" in line


def test_what_was_rejected_says_why(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    toy.asks()
    assert cli.main(["reject", toy.deployable, "--reason", "not on a Friday"]) == 0
    toy.ended(1)
    assert cli.main(["state", toy.deployable]) == 0
    assert "not on a Friday" in capsys.readouterr().out
