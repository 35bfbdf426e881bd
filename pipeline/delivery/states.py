"""What a pipeline is doing now, stage by stage, and who waits for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from delivery.definition import CODEBUILD, Definition

NEVER = "not run"


@dataclass(frozen=True)
class ActionState:
    """The latest run of an action; ``token`` answers a waiting approval."""

    name: str
    category: str
    status: str
    since: datetime | None = None
    reason: str = ""
    token: str = ""
    provider: str = ""

    @property
    def waits(self) -> bool:
        """Whether a person is asked."""
        return self.category == "Approval" and self.status == "InProgress"


@dataclass(frozen=True)
class StageState:
    """One stage: its latest execution, what its actions did in it, and which executions wait before it."""

    name: str
    status: str
    execution_id: str
    actions: tuple[ActionState, ...]
    inbound: tuple[str, ...] = ()
    closed: str = ""

    @property
    def since(self) -> datetime | None:
        """When something last changed in it."""
        return max((each.since for each in self.actions if each.since), default=None)

    @property
    def failed_build(self) -> bool:
        """Whether one of its builds failed."""
        return self.status == "Failed" and any(
            each.status == "Failed" and each.provider == CODEBUILD for each in self.actions
        )


def stages(known: Definition, state: Mapping[str, Any]) -> list[StageState]:
    """The stages of GetPipelineState's answer."""
    return [_stage(known, each) for each in state["stageStates"]]


def remark(stage: StageState) -> str:
    """One sentence on a stage: the approval it waits for, the failure's reason, what is under way."""
    for action in stage.actions:
        if action.waits:
            return f"{action.name} waits for a person"
    if stage.status == "Failed":
        failed = (each for each in stage.actions if each.status == "Failed")
        return "; ".join(f"{each.name}: {each.reason or 'no reason given'}" for each in failed)
    if stage.status == "InProgress":
        return ", ".join(each.name for each in stage.actions if each.status == "InProgress")
    return stage.closed


def _stage(known: Definition, state: Mapping[str, Any]) -> StageState:
    latest = state.get("latestExecution", {})
    inbound = state.get("inboundExecutions") or [state.get("inboundExecution")]
    transition = state.get("inboundTransitionState", {})
    closed = "" if transition.get("enabled", True) else f"closed: {transition.get('disabledReason', '')}"
    return StageState(
        name=state["stageName"],
        status=latest.get("status", NEVER),
        execution_id=latest.get("pipelineExecutionId", ""),
        actions=tuple(_action(known, state["stageName"], each) for each in state.get("actionStates", [])),
        inbound=tuple(each["pipelineExecutionId"] for each in inbound if each),
        closed=closed,
    )


def _action(known: Definition, stage: str, state: Mapping[str, Any]) -> ActionState:
    latest = state.get("latestExecution", {})
    error = latest.get("errorDetails", {})
    defined = known.action(stage, state["actionName"])
    return ActionState(
        name=state["actionName"],
        category=defined.category if defined else "",
        status=latest.get("status", NEVER),
        since=latest.get("lastStatusChange"),
        reason=error.get("message") or latest.get("summary", ""),
        token=latest.get("token", ""),
        provider=defined.provider if defined else "",
    )
