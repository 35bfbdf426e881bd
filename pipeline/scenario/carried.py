"""What became of a pushed commit, as CodePipeline, CodeDeploy, CloudFormation and Lambda tell it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3

from delivery import approvals, history
from delivery.build_logs import BuildLogs
from delivery.builds import Builds
from delivery.follow import StageTime, stage_times
from delivery.history import Execution, Run
from delivery.pipelines import PREFIX, Pipelines

T = TypeVar("T")
PATIENCE_S = 900.0
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Carried:
    """One execution: how it ended, by which actions."""

    execution: Execution
    runs: tuple[Run, ...]
    stages: tuple[StageTime, ...]

    @property
    def stopped_in(self) -> str:
        """The last stage that it came to."""
        return self.stages[-1].stage

    @property
    def reason(self) -> str:
        """Why it failed, "" where it did not."""
        failed = history.failure(self.runs)
        return failed.reason if failed else ""

    @property
    def log(self) -> str:
        """The end of the log of the build that failed, "" where none did."""
        failed = history.failure(self.runs)
        return log_of(failed) if failed else ""

    @property
    def seconds(self) -> float:
        """From its start to its end, without what it waited for a person."""
        return sum(stage.seconds - stage.waited for stage in self.stages)

    def to(self, stage: str) -> float:
        """Seconds from its start until ``stage`` had ended."""
        ended = max(run.updated for run in self.runs if run.stage == stage)
        return (ended - self.execution.started).total_seconds()


class Delivery:
    """The pipelines, looked at from outside."""

    def __init__(self) -> None:
        self.pipelines = Pipelines()

    def of(self, commit: str) -> list[str]:
        """The deployables whose pipelines have an execution of this commit."""
        return [name for name in self.pipelines.deployables() if self._find(name, commit)]

    def begun(self, deployable: str, commit: str) -> Execution:
        """The execution of ``commit``, as soon as there is one."""
        return until(lambda: self._find(deployable, commit), f"an execution of {deployable} for {commit[:7]}")

    def ended(self, deployable: str, commit: str) -> Carried:
        """The execution of ``commit``, when it has ended."""

        def look() -> Execution | None:
            found = self._find(deployable, commit)
            return found if found and found.ended else None

        execution = until(look, f"the end of {deployable} {commit[:7]}")
        known = self.pipelines.definition(deployable)
        runs = tuple(self.pipelines.runs(known.name, execution.execution_id))
        return Carried(execution, runs, tuple(stage_times(known, runs)))

    def asked(self, deployable: str, commit: str) -> approvals.Question:
        """What the approver of ``commit`` is asked, as soon as they are."""
        known = self.pipelines.definition(deployable)

        def look() -> approvals.Question | None:
            execution = self._find(deployable, commit)
            if execution is not None and execution.ended:
                runs = self.pipelines.runs(known.name, execution.execution_id)
                failed = history.failure(runs)
                why = f"{failed.reason}\n{log_of(failed)}" if failed else "nothing failed"
                raise AssertionError(f"{deployable} {commit[:7]} ended before: {why}")
            found = approvals.waiting(self.pipelines, known)
            return found if found and found.execution.commit == commit else None

        return until(look, f"the approval of {deployable} {commit[:7]}")

    def approve(self, deployable: str, commit: str) -> approvals.Question:
        """Say yes, as soon as somebody asks; what was asked."""
        question = self.asked(deployable, commit)
        approvals.approve(self.pipelines, question, "the scenario says yes")
        return question

    def reject(self, deployable: str, commit: str, reason: str) -> None:
        """Say no, as soon as somebody asks."""
        approvals.reject(self.pipelines, self.asked(deployable, commit), reason)

    def _find(self, deployable: str, commit: str) -> Execution | None:
        found = self.pipelines.executions(PREFIX + deployable)
        return next((each for each in found if each.commit == commit), None)


def log_of(failed: Run) -> str:
    """The end of the log of the build that failed, "" where something else did."""
    if failed.provider != "CodeBuild":
        return ""
    return "\n".join(BuildLogs().last(Builds().one(failed.external_id), 100).lines)


@dataclass(frozen=True)
class StackState:
    """A stack as its callers meet it: its status, and which version of each function is behind ``live``."""

    status: str
    changed: str
    versions: dict[str, tuple[str, dict[str, float]]]


def stack(name: str) -> StackState:
    """The state of a stack now."""
    cloudformation, functions = boto3.client("cloudformation"), boto3.client("lambda")
    described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    versions = {}
    for function in _functions(name):
        alias = functions.get_alias(FunctionName=function, Name="live")
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        versions[function] = (alias["FunctionVersion"], dict(weights))
    changed = described.get("LastUpdatedTime") or described["CreationTime"]
    return StackState(described["StackStatus"], str(changed), versions)


def code(name: str) -> dict[str, str]:
    """The hash of the code behind ``live``, by a stack's functions' logical names."""
    functions = boto3.client("lambda")
    return {
        function.removeprefix(f"{name}-").partition("-")[0]: functions.get_function_configuration(
            FunctionName=function, Qualifier="live"
        )["CodeSha256"]
        for function in _functions(name)
    }


def deployments(name: str) -> list[dict[str, Any]]:
    """What CodeDeploy did with a stack's functions, newest first."""
    client: Any = boto3.Session().client("codedeploy")  # no type stubs of CodeDeploy
    found = []
    for page in client.get_paginator("list_deployments").paginate():
        for each in page["deployments"]:
            info = client.get_deployment(deploymentId=each)["deploymentInfo"]
            if info["deploymentGroupName"].startswith(name) or info["applicationName"].startswith(name):
                found.append(info)
    return sorted(found, key=lambda info: info["createTime"], reverse=True)


def until(look: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
    """What ``look`` finds; AssertionError where it finds nothing for too long."""
    end = time.monotonic() + patience_s
    while not (found := look()):
        assert time.monotonic() < end, f"{what}: not within {patience_s:.0f} s"
        time.sleep(_LOOK_EVERY_S)
    return found


def _functions(name: str) -> Iterator[str]:
    """The functions of a stack that callers reach by ``live``."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Lambda::Alias":
                named = resource["PhysicalResourceId"].split(":")  # an ARN, or NAME:live
                yield named[6] if named[0] == "arn" else named[0]
