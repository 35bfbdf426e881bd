"""What is known of pipelines and their executions, as it is kept from one run of the server to the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

Definition = dict[str, Any]
"""A pipeline's structure, as CreatePipeline takes it."""
Declaration = dict[str, Any]
"""A stage or an action of a definition."""

IN_PROGRESS, SUCCEEDED, FAILED = "InProgress", "Succeeded", "Failed"
STOPPING, STOPPED, CANCELLED, SUPERSEDED = "Stopping", "Stopped", "Cancelled", "Superseded"
ABANDONED = "Abandoned"

# Held while anything below is read or changed.
lock = threading.RLock()


@dataclass
class ActionRun:
    """One run of an action. ``attempt`` counts runs of its stage in the same execution."""

    id: str
    stage: str
    declaration: Declaration
    attempt: int
    started: float
    updated: float
    status: str = IN_PROGRESS
    configuration: dict[str, str] = field(default_factory=dict)
    role: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    external_id: str = ""
    url: str = ""
    code: str = ""
    message: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    updated_by: str = ""
    revision: str = ""
    revision_url: str = ""

    @property
    def name(self) -> str:
        return str(self.declaration["name"])


@dataclass
class StageRun:
    """One run of a stage. ``kept``: actions that a retry does not run again."""

    started: float
    updated: float
    attempt: int = 1
    status: str = IN_PROGRESS
    kept: list[str] = field(default_factory=list)


@dataclass
class Execution:
    """One execution of a pipeline.

    It waits before the stage ``waits_for`` or is inside ``runs_in``; both are empty when it has ended.
    ``turn`` is its place among those that wait. ``target``: the execution that a rollback goes back to,
    whose ``stages`` it has one of. ``commits``: what a caller asks source actions for, by action.
    """

    id: str
    version: int
    mode: str
    started: float
    updated: float
    trigger: dict[str, str]
    variables: dict[str, str]
    commits: dict[str, str] = field(default_factory=dict)
    request_token: str = ""
    status: str = IN_PROGRESS
    summary: str = ""
    kind: str = "STANDARD"
    target: str = ""
    waits_for: str = ""
    runs_in: str = ""
    turn: float = 0.0
    stop_reason: str = ""
    stages: dict[str, StageRun] = field(default_factory=dict)
    actions: list[ActionRun] = field(default_factory=list)
    artifacts: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    revisions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it still goes on."""
        return self.status in (IN_PROGRESS, STOPPING)

    @property
    def attempt(self) -> int:
        """How often it was begun: once, and once more with each retry of a stage."""
        return max((run.attempt for run in self.stages.values()), default=1)

    def latest(self, stage: str, action: str) -> ActionRun | None:
        """The last run of an action."""
        runs = [run for run in self.actions if (run.stage, run.name) == (stage, action)]
        return runs[-1] if runs else None


@dataclass
class Pipeline:
    """A pipeline with its history, oldest execution first. ``closed``: transitions that are disabled."""

    account: str
    region: str
    definition: Definition
    created: float
    updated: float
    tags: dict[str, str] = field(default_factory=dict)
    transitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def version(self) -> int:
        return int(self.definition["version"])

    @property
    def arn(self) -> str:
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{self.name}"

    @property
    def stages(self) -> list[Declaration]:
        return list(self.definition["stages"])

    def stage(self, name: str) -> Declaration | None:
        return next((each for each in self.stages if each["name"] == name), None)

    def stage_after(self, name: str) -> str:
        """The name of the next stage, "" behind the last."""
        names = [str(each["name"]) for each in self.stages]
        place = names.index(name) + 1
        return names[place] if place < len(names) else ""

    def execution(self, execution_id: str) -> Execution | None:
        return next((each for each in self.executions if each.id == execution_id), None)

    def waiting(self, stage: str) -> list[Execution]:
        """Executions that wait before a stage, in the order in which they enter it."""
        found = [each for each in self.executions if each.open and each.waits_for == stage]
        return sorted(found, key=lambda each: each.turn)

    def inside(self, stage: str) -> Execution | None:
        """The execution that a stage is locked by."""
        return next((each for each in self.executions if each.runs_in == stage), None)

    def closed(self, stage: str) -> bool:
        return not self.transitions.get(stage, {}).get("enabled", True)


def run_order(action: Declaration) -> int:
    return int(action.get("runOrder", 1))


def groups(stage: Declaration) -> Iterator[list[Declaration]]:
    """A stage's actions by run order: those of one order run side by side."""
    for order in sorted({run_order(action) for action in stage["actions"]}):
        yield [action for action in stage["actions"] if run_order(action) == order]


def to_plain(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline as JSON can say it."""
    return asdict(pipeline)


def from_plain(said: dict[str, Any]) -> Pipeline:
    """The reverse of ``to_plain``."""
    return Pipeline(**(said | {"executions": [_execution(each) for each in said["executions"]]}))


def _execution(said: dict[str, Any]) -> Execution:
    stages = {name: StageRun(**run) for name, run in said["stages"].items()}
    return Execution(**(said | {"stages": stages, "actions": [ActionRun(**run) for run in said["actions"]]}))
