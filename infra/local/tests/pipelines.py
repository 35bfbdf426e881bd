"""Small pipelines for contract tests: a zip in a bucket as source, approvals, and roles to act with."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stack import Client, Wait, allow

Action = dict[str, Any]
Stage = dict[str, Any]

ENDED = ("Succeeded", "Failed", "Stopped", "Cancelled", "Superseded")


def trusts(service: str = "codepipeline.amazonaws.com") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def source(**changes: Any) -> Action:
    """The zip ``source.zip`` of the bucket ``BUCKET``, as artifact Source and namespace Origin."""
    configuration = {"S3Bucket": "BUCKET", "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"}
    return {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": configuration,
        "outputArtifacts": [{"name": "Source"}],
        "namespace": "Origin",
    } | changes


def approval(name: str = "Approve", **changes: Any) -> Action:
    kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    return {"name": name, "actionTypeId": kind} | changes


def stage(name: str, *actions: Action) -> Stage:
    return {"name": name, "actions": list(actions)}


@dataclass(frozen=True)
class Account:
    """A bucket with a source and a role for pipelines, in a running cloud."""

    client: Client
    bucket: str
    role: str

    def definition(self, *stages: Stage, **changes: Any) -> dict[str, Any]:
        """A pipeline of these stages behind a source."""
        said = {
            "name": f"contract-{secrets.token_hex(4)}",
            "roleArn": self.role,
            "artifactStore": {"type": "S3", "location": self.bucket},
            "stages": [stage("Source", source()), *stages],
            "pipelineType": "V2",
            "executionMode": "QUEUED",
        } | changes
        whole: dict[str, Any] = json.loads(json.dumps(said).replace("BUCKET", self.bucket))
        return whole

    def make(self, *stages: Stage, **changes: Any) -> Running:
        """Such a pipeline, made by the API, and its first execution."""
        definition = self.definition(*stages, **changes)
        self.client("codepipeline").create_pipeline(pipeline=definition)
        return Running(self.client, definition["name"])


@dataclass(frozen=True)
class Running:
    """A pipeline of that name."""

    client: Client
    name: str

    @property
    def api(self) -> Any:
        return self.client("codepipeline")

    def start(self, **options: Any) -> str:
        return str(self.api.start_pipeline_execution(name=self.name, **options)["pipelineExecutionId"])

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.get_pipeline_state(name=self.name)
        return answer

    def stage(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(
            each for each in self.state()["stageStates"] if each["stageName"] == name
        )
        return found

    def action(self, stage_name: str, name: str) -> dict[str, Any]:
        states = self.stage(stage_name)["actionStates"]
        found: dict[str, Any] = next(each for each in states if each["actionName"] == name)
        return found

    def token(self, stage_name: str, name: str = "Approve") -> str:
        return str(self.action(stage_name, name).get("latestExecution", {}).get("token", ""))

    def inside(self, stage_name: str) -> str:
        """The id of the execution that a stage is locked by."""
        latest = self.stage(stage_name).get("latestExecution", {})
        return str(latest["pipelineExecutionId"]) if latest.get("status") == "InProgress" else ""

    def waiting(self, stage_name: str) -> list[str]:
        return [each["pipelineExecutionId"] for each in self.stage(stage_name)["inboundExecutions"]]

    def answer(
        self,
        stage_name: str,
        token: str,
        status: str = "Approved",
        name: str = "Approve",
        summary: str = "fine",
    ) -> None:
        self.api.put_approval_result(
            pipelineName=self.name,
            stageName=stage_name,
            actionName=name,
            token=token,
            result={"summary": summary, "status": status},
        )

    def execution(self, execution_id: str) -> dict[str, Any]:
        answer = self.api.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=execution_id)
        found: dict[str, Any] = answer["pipelineExecution"]
        return found

    def executions(self, **options: Any) -> list[dict[str, Any]]:
        answer = self.api.list_pipeline_executions(pipelineName=self.name, **options)
        found: list[dict[str, Any]] = answer["pipelineExecutionSummaries"]
        return found

    def actions(self, **wanted: Any) -> list[dict[str, Any]]:
        options = {"filter": wanted} if wanted else {}
        answer = self.api.list_action_executions(pipelineName=self.name, **options)
        found: list[dict[str, Any]] = answer["actionExecutionDetails"]
        return found

    def first(self) -> str:
        """The execution that making the pipeline began."""
        return str(self.executions()[-1]["pipelineExecutionId"])

    def ended(self, execution_id: str) -> Callable[[], dict[str, Any] | None]:
        """The execution once it has ended; for ``eventually``."""

        def look() -> dict[str, Any] | None:
            found = self.execution(execution_id)
            return found if found["status"] in ENDED else None

        return look


def account(client: Client) -> Account:
    """A bucket with ``source.zip`` and a role that may do with it what a pipeline does."""
    bucket, name = f"contract-{secrets.token_hex(4)}", f"contract-pipeline-{secrets.token_hex(4)}"
    s3, iam = client("s3"), client("iam")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket=bucket, Key="source.zip", Body=zipped({"a.txt": "first"}))
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusts()))["Role"]["Arn"]
    objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*")
    document = {"Version": "2012-10-17", "Statement": [objects]}
    iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(document))
    return Account(client, bucket, role)


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def approved(running: Running, eventually: Wait, stage_name: str = "Approve") -> None:
    """Approve what waits in a stage, as soon as it does."""
    running.answer(stage_name, eventually(lambda: running.token(stage_name)))
