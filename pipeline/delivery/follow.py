"""Executions as they go on, stage by stage, to their ends; approvals are offered to whoever decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Group
from rich.live import Live
from rich.text import Text

from delivery import approvals, history, time_spent
from delivery.approvals import Question
from delivery.definition import Definition
from delivery.history import Execution, Run
from delivery.pipelines import PREFIX, Pipelines, pause_s
from delivery.screen import Screen, duration, grid

Answer = tuple[str, str]  # Approved or Rejected, and why
Wanted = tuple[str, str]  # a deployable, and the id of an execution of its pipeline
Decide = Callable[[Question], Answer | None]

HEAD = ("pipeline", "stage", "status", "time", "")


@dataclass(frozen=True)
class StageTime:
    """How one stage of an execution went; ``waited`` of its ``seconds`` were a person's.

    ``spent``: where the time went, where that is known.
    """

    stage: str
    status: str
    seconds: float
    waited: float = 0.0
    remark: str = ""
    spent: str = ""


@dataclass
class Followed:
    """One execution that is followed."""

    known: Definition
    execution: Execution
    stages: list[StageTime] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    @property
    def deployable(self) -> str:
        return self.known.name.removeprefix(PREFIX)

    @property
    def title(self) -> str:
        """The deployable and its commit, as soon as that is known."""
        return f"{self.deployable} {self.execution.commit[:7]}".rstrip()

    @property
    def good(self) -> bool:
        return self.execution.status == "Succeeded"


def stage_times(known: Definition, runs: Sequence[Run]) -> list[StageTime]:
    """The stages that an execution has come to, in the pipeline's order."""
    found = []
    for stage in known.stages:
        own = [each for each in runs if each.stage == stage]
        if own:
            found.append(_stage_time(known, stage, own))
    return found


def follow(pipelines: Pipelines, screen: Screen, wanted: Sequence[Wanted], decide: Decide) -> list[Followed]:
    """Show the executions ``wanted`` until all have ended."""
    followed = [_begin(pipelines, *each) for each in wanted]
    told: dict[str, list[StageTime]] = {}
    with _shown(screen, followed) as live:
        while True:
            for each in followed:
                if not each.execution.ended:
                    _look(pipelines, each)
                    _tell(screen, each, told)
            if all(each.execution.ended for each in followed):
                return followed
            for each in followed:
                _offer(pipelines, each, decide, live)
            time.sleep(pause_s())


def _begin(pipelines: Pipelines, deployable: str, execution_id: str) -> Followed:
    known = pipelines.definition(deployable)
    return Followed(known, _execution(pipelines, known.name, execution_id))


def _look(pipelines: Pipelines, each: Followed) -> None:
    # The execution first: what it is then said to have done is no older.
    execution = _execution(pipelines, each.known.name, each.execution.execution_id)
    each.runs = list(pipelines.runs(each.known.name, execution.execution_id))
    each.stages = stage_times(each.known, each.runs)
    each.execution = execution


def _execution(pipelines: Pipelines, name: str, execution_id: str) -> Execution:
    return next(each for each in pipelines.executions(name) if each.execution_id == execution_id)


def _offer(pipelines: Pipelines, each: Followed, decide: Decide, live: Live | None) -> None:
    if not any(stage.status == "InProgress" and stage.remark == WAITS for stage in each.stages):
        return
    question = approvals.waiting(pipelines, each.known)
    if question is None or question.execution.execution_id != each.execution.execution_id:
        return
    if live is not None:
        live.stop()
    try:
        answer = decide(question)
    finally:
        if live is not None:
            live.start()
    if answer is not None:
        given = approvals.approve if answer[0] == "Approved" else approvals.reject
        given(pipelines, question, answer[1])


WAITS = "waits for a person"


def _stage_time(known: Definition, stage: str, runs: Sequence[Run]) -> StageTime:
    latest = history.latest(runs)
    statuses = {each.status for each in latest}
    failed = history.failure(latest)
    waits = any(each.category == "Approval" and each.status == "InProgress" for each in latest)
    remark = WAITS if waits else ""
    if failed:
        remark = f"{failed.action}: {failed.reason or 'no reason given'}"
    order = ("InProgress", "Failed", "Abandoned")
    status = next((each for each in order if each in statuses), "Succeeded")
    began, ended = min(each.started for each in runs), max(each.updated for each in runs)
    waited = sum(each.seconds for each in runs if each.category == "Approval")
    spent = time_spent.actions(known, runs)
    return StageTime(stage, status, (ended - began).total_seconds(), waited, remark, spent)


def _tell(screen: Screen, each: Followed, told: dict[str, list[StageTime]]) -> None:
    """In a pipe: a line for each stage that began, waits, or ended."""
    if screen.console.is_terminal:
        return
    before = {
        (stage.stage, stage.status, stage.remark) for stage in told.get(each.execution.execution_id, [])
    }
    for stage in each.stages:
        if (stage.stage, stage.status, stage.remark) not in before:
            spent = "" if stage.status == "InProgress" else f" in {duration(stage.seconds)}"
            said = f": {stage.remark}" if stage.remark else ""
            screen.say(f"{each.title} {stage.stage} {stage.status}{spent}{said}")
    told[each.execution.execution_id] = each.stages


@contextmanager
def _shown(screen: Screen, followed: Sequence[Followed]) -> Iterator[Live | None]:
    if not screen.console.is_terminal:
        yield None
        return
    with Live(console=screen.console, get_renderable=lambda: _live(followed), refresh_per_second=4) as live:
        yield live


def _live(followed: Sequence[Followed]) -> Group:
    rows = [row for each in followed for row in rows_of(each)]
    return Group(grid(HEAD, rows), Text(""))


def rows_of(each: Followed) -> list[tuple[str, ...]]:
    """A table's rows of one execution, a stage each."""
    begun = {stage.stage: stage for stage in each.stages}
    rows: list[tuple[str, ...]] = []
    for number, stage in enumerate(each.known.stages):
        name = each.title if number == 0 else ""
        found = begun.get(stage)
        if found is None:
            rows.append((name, stage, "", "", ""))
        else:
            rows.append((name, stage, found.status, duration(found.seconds), _remark(found)))
    return rows


def _remark(stage: StageTime) -> str:
    if stage.remark or stage.spent or not stage.waited:
        return stage.remark or stage.spent
    return f"{duration(stage.waited)} of it waiting for a person"
