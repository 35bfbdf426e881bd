"""Executions and their actions as plain values, read from CodePipeline's answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ENDED = frozenset({"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"})
ROLLBACK = "ROLLBACK"


@dataclass(frozen=True)
class Execution:
    """One run of a pipeline; ``commit`` is "" until the source is fetched.

    ``rolls_back_to``: the execution whose artifacts a rollback takes again, "" for any other.
    """

    execution_id: str
    status: str
    started: datetime
    updated: datetime
    commit: str = ""
    message: str = ""
    trigger: str = ""
    rolls_back_to: str = ""
    summary: str = ""

    @property
    def short(self) -> str:
        """The first part of its id, which names it well enough for a person."""
        return self.execution_id.partition("-")[0]

    @property
    def subject(self) -> str:
        """The first line of the commit's message."""
        return self.message.partition("\n")[0]

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True)
class Run:
    """One action of one execution; ``reason`` says why it failed, or what a person said of it.

    ``settings``: the action's configuration with its variables resolved; ``told``: what it told later ones.
    """

    execution_id: str
    stage: str
    action: str
    category: str
    status: str
    started: datetime
    updated: datetime
    reason: str = ""
    code: str = ""
    url: str = ""
    external_id: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""

    @property
    def seconds(self) -> float:
        """How long it took, or takes so far as CodePipeline has heard."""
        return (self.updated - self.started).total_seconds()


def execution(summary: Mapping[str, Any]) -> Execution:
    """An entry of ListPipelineExecutions."""
    revision: Mapping[str, Any] = next(iter(summary.get("sourceRevisions", [])), {})
    return Execution(
        execution_id=summary["pipelineExecutionId"],
        status=summary["status"],
        started=summary["startTime"],
        updated=summary.get("lastUpdateTime", summary["startTime"]),
        commit=revision.get("revisionId", ""),
        message=_message(revision.get("revisionSummary", "")),
        trigger=summary.get("trigger", {}).get("triggerType", ""),
        rolls_back_to=summary.get("rollbackMetadata", {}).get("rollbackTargetPipelineExecutionId", ""),
        summary=summary.get("stopTrigger", {}).get("reason", "") or summary.get("statusSummary", ""),
    )


def run(detail: Mapping[str, Any]) -> Run:
    """An entry of ListActionExecutions."""
    given, output = detail.get("input", {}), detail.get("output", {})
    kind = given.get("actionTypeId", {})
    result = output.get("executionResult", {})
    error = result.get("errorDetails", {})
    return Run(
        execution_id=detail["pipelineExecutionId"],
        stage=detail["stageName"],
        action=detail["actionName"],
        category=kind.get("category", ""),
        status=detail["status"],
        started=detail["startTime"],
        updated=detail.get("lastUpdateTime", detail["startTime"]),
        reason=error.get("message") or result.get("externalExecutionSummary", ""),
        code=error.get("code", ""),
        url=result.get("externalExecutionUrl", ""),
        external_id=result.get("externalExecutionId", ""),
        settings=given.get("resolvedConfiguration") or given.get("configuration", {}),
        told=output.get("outputVariables", {}),
        provider=kind.get("provider", ""),
    )


def latest(runs: Iterable[Run]) -> list[Run]:
    """The last try of each action, in the order that they began in."""
    tries = {(each.stage, each.action): each for each in sorted(runs, key=lambda each: each.started)}
    return sorted(tries.values(), key=lambda each: each.started)


def failure(runs: Iterable[Run]) -> Run | None:
    """The action that an execution failed with: the first that did."""
    failed = [each for each in runs if each.status == "Failed"]
    return min(failed, key=lambda each: each.updated) if failed else None


def _message(summary: str) -> str:
    """CodePipeline gives a connection's commit as JSON, with the provider's name beside the message."""
    try:
        said = json.loads(summary)
    except ValueError:
        return summary
    return str(said.get("CommitMessage", summary)) if isinstance(said, dict) else summary
