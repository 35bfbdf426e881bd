"""A pipeline with builds, and AWS's answers on it in the shapes that botocore's model has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from delivery.build_logs import BuildLogs
from delivery.builds import Builds
from delivery.definition import definition
from delivery.follow import Followed, stage_times
from delivery.history import Execution, Run
from delivery.pipelines import Pipelines

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ID = "wotr-api-build:5a"
FIRST, SECOND = "0000000a-1", "0000000b-1"


def _action(name: str, category: str, provider: str, order: int = 1) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "runOrder": order}


PIPELINE: dict[str, Any] = {
    "name": "wotr-api",
    "roleArn": "arn:aws:iam::123456789012:role/wotr-pipeline",
    "stages": [
        {"name": "Build", "actions": [_action("Build", "Build", "CodeBuild")]},
        {
            "name": "Prod",
            "actions": [
                _action("Prepare", "Deploy", "CloudFormation"),
                _action("Summarise", "Test", "CodeBuild", 2),
                _action("Approve", "Approval", "Manual", 3),
                _action("Execute", "Deploy", "CloudFormation", 4),
                _action("Traffic", "Test", "CodeBuild", 4),
            ],
        },
    ],
}
KNOWN = definition(PIPELINE)
KINDS = {
    each["name"]: (stage["name"], each["actionTypeId"])
    for stage in PIPELINE["stages"]
    for each in stage["actions"]
}


def run(name: str, status: str = "Succeeded", *, at: float = 0, took: float = 10, **more: Any) -> Run:
    """An action of the execution FIRST, as CodePipeline tells it."""
    stage, kind = KINDS[name]
    began = NOW + timedelta(seconds=at)
    more = {"provider": kind["provider"], "external_id": ID if kind["provider"] == "CodeBuild" else ""} | more
    return Run(FIRST, stage, name, kind["category"], status, began, began + timedelta(seconds=took), **more)


def followed(*runs: Run, status: str = "Failed", execution: str = FIRST) -> Followed:
    """An execution that was followed to its end."""
    about = Execution(execution, status, NOW, NOW, "a" * 40, "Count sets")
    return Followed(KNOWN, about, stage_times(KNOWN, runs), list(runs))


class Stubbed:
    """Clients of the services, with answers and requests that botocore has checked."""

    def __init__(self) -> None:
        self.stubs: dict[str, Stubber] = {}
        self.pipelines = Pipelines(self._client("codepipeline"))
        self.builds = Builds(self._client("codebuild"))
        self.logs = BuildLogs(self._client("logs"))

    def _client(self, service: str) -> Any:
        session: Any = boto3.Session(region_name="eu-central-1")
        client = session.client(service)
        self.stubs[service] = Stubber(client)
        self.stubs[service].activate()
        return client

    def build(self, *, complete: bool = True, log: bool = True, **more: Any) -> None:
        """CodeBuild's next answer."""
        told = {"id": ID, "buildComplete": complete, "startTime": NOW, **more}
        told |= {"logs": {"groupName": "group", "streamName": "5a"}} if log else {"logs": {}}
        told |= {"endTime": NOW + timedelta(minutes=1)} if complete else {}
        self.stubs["codebuild"].add_response("batch_get_builds", {"builds": [told]}, {"ids": [ID]})

    def page(self, lines: Sequence[str], after: str, *, before: str = "b/0", **asked: Any) -> None:
        """CloudWatch's next answer, to what was ``asked``; CodeBuild ends its messages with a newline."""
        events = [{"timestamp": 1, "message": f"{line}\n"} for line in lines]
        answer = {"events": events, "nextForwardToken": after, "nextBackwardToken": before}
        request = {"logGroupName": "group", "logStreamName": "5a", "startTime": ANY, **asked}
        self.stubs["logs"].add_response("get_log_events", answer, request)

    def ended(self) -> None:
        """Whether everything that was answered has been asked."""
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
