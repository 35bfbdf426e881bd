"""Executions on their way: who enters a stage when, its actions, and how an execution ends.

A stage has one execution at a time and is free again when that one has left it or failed in it. The others
wait before it: QUEUED in the order in which they came; SUPERSEDED the newest only.
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from threading import Event, Thread

from ministack.core.responses import request_scope

from localcloud import saving
from localcloud.pipelines import definitions, events, manual, performing
from localcloud.pipelines.performing import Place
from localcloud.pipelines.records import (
    ABANDONED,
    CANCELLED,
    FAILED,
    IN_PROGRESS,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    ActionRun,
    Declaration,
    Execution,
    Pipeline,
    StageRun,
    groups,
    lock,
)

TOUCHES = performing.TOUCHES

_stops: dict[str, Event] = {}


def begin() -> None:
    """Be ready: let actions know when the server ends."""
    events.begin()
    threading.Thread(target=_stop_at_the_end, daemon=True, name="localcloud-pipelines-end").start()


def wait_before(pipeline: Pipeline, execution: Execution, stage: str, *, first: bool = False) -> None:
    """Queue an execution before a stage, behind all others or before them, and admit whom there is room for.

    The lock is held.
    """
    others = pipeline.waiting(stage)
    turns = [each.turn for each in others]
    execution.runs_in, execution.waits_for = "", stage
    execution.turn = (min(turns, default=0.0) - 1) if first else (max(turns, default=0.0) + 1)
    if execution.mode == "SUPERSEDED" and not first:
        for older in others:
            finish(pipeline, older, SUPERSEDED, f"Superseded by {execution.id} before the stage {stage}.")
    admit(pipeline)


def admit(pipeline: Pipeline) -> None:
    """Let into each stage that is free whoever is the next to wait before it. The lock is held."""
    if saving.ending.is_set() or not definitions.there(pipeline):
        return
    for declaration in reversed(pipeline.stages):
        stage = str(declaration["name"])
        waiting = pipeline.waiting(stage)
        if waiting and pipeline.inside(stage) is None and not pipeline.closed(stage):
            _enter(pipeline, waiting[0], declaration)


def finish(pipeline: Pipeline, execution: Execution, status: str, summary: str) -> None:
    """End an execution, and the stage that it is in. The lock is held."""
    now = time.time()
    stage = execution.runs_in
    execution.runs_in = execution.waits_for = ""
    execution.status, execution.summary, execution.updated = status, summary, now
    if stage:
        run = execution.stages[stage]
        run.status, run.updated = status, now
        events.of_stage(pipeline, execution, stage)
    events.of_pipeline(pipeline, execution)


def break_off(pipeline: Pipeline, execution: Execution, status: str, why: str) -> None:
    """End an execution now and abandon what it is doing. The lock is held."""
    for run in execution.actions:
        if run.status == IN_PROGRESS:
            performing.end(Place(pipeline, execution, _stop_of(run)), run, ABANDONED, why)
    finish(pipeline, execution, status, why)


def cancel_all(pipeline: Pipeline, why: str) -> None:
    """End what is under way, as a change of the structure does. The lock is held."""
    for execution in pipeline.executions:
        if execution.open:
            break_off(pipeline, execution, CANCELLED, why)


def resume(pipeline: Pipeline) -> None:
    """Go on where the last run of the server ended."""
    with lock:
        for execution in pipeline.executions:
            if execution.open and execution.runs_in:
                declaration = pipeline.stage(execution.runs_in)
                assert declaration is not None, "executions of another structure were cancelled"
                run = execution.stages[execution.runs_in]
                _begin(_Visit(pipeline, execution, declaration, run, resumed=True))
        admit(pipeline)


@dataclass(frozen=True)
class _Visit:
    """An execution in a stage. ``resumed``: it was there when the server ended the last time."""

    pipeline: Pipeline
    execution: Execution
    stage: Declaration
    run: StageRun
    resumed: bool

    @property
    def name(self) -> str:
        return str(self.stage["name"])

    @property
    def goes_on(self) -> bool:
        """False: it is gone on with after the next start, or somebody has ended it meanwhile."""
        return self.run.status in (IN_PROGRESS, STOPPING) and not saving.ending.is_set()


def _enter(pipeline: Pipeline, execution: Execution, declaration: Declaration) -> None:
    stage, now = str(declaration["name"]), time.time()
    before = execution.stages.get(stage)
    execution.waits_for, execution.runs_in = "", stage
    run = StageRun(now, now)
    if before is not None:
        run.attempt, run.kept = before.attempt + 1, before.kept
    execution.stages[stage], execution.updated = run, now
    events.of_stage(pipeline, execution, stage, "RESUMED" if before else "")
    _begin(_Visit(pipeline, execution, declaration, run, resumed=False))


def _begin(visit: _Visit) -> None:
    name = f"pipeline-{visit.pipeline.name}-{visit.name}"
    Thread(target=_run_stage, args=(visit,), daemon=True, name=name).start()


def _run_stage(visit: _Visit) -> None:
    with request_scope(visit.pipeline.account, visit.pipeline.region):
        for group in groups(visit.stage):
            _run_group(visit, group)
            with lock:
                if not visit.goes_on:
                    return
                runs = [visit.execution.latest(visit.name, action["name"]) for action in group]
                failed = [run for run in runs if run and run.status != SUCCEEDED]
                if failed or visit.execution.status == STOPPING:
                    _leave(visit, failed)
                    return
        with lock:
            _succeed(visit)


def _run_group(visit: _Visit, group: list[Declaration]) -> None:
    """Run the actions of one run order side by side, those that have not succeeded yet."""
    with lock:
        chosen = [found for action in group if visit.goes_on and (found := _run_of(visit, action))]
    threads = [Thread(target=_perform, args=(visit, *each), daemon=True) for each in chosen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run_of(visit: _Visit, action: Declaration) -> tuple[ActionRun, bool] | None:
    """The run to perform, and whether it is resumed; None where there is nothing to do."""
    last = visit.execution.latest(visit.name, action["name"])
    if visit.resumed and last is not None and last.attempt == visit.run.attempt:
        return (last, True) if last.status == IN_PROGRESS else None
    if action["name"] in visit.run.kept or visit.execution.status == STOPPING:
        return None
    return performing.begin(visit.pipeline, visit.execution, visit.name, action), False


def _perform(visit: _Visit, run: ActionRun, resumed: bool) -> None:
    with request_scope(visit.pipeline.account, visit.pipeline.region):
        performing.perform(Place(visit.pipeline, visit.execution, _stop_of(run)), run, resumed=resumed)
        with lock:
            _stops.pop(run.id, None)


def _leave(visit: _Visit, failed: list[ActionRun]) -> None:
    """End where an action has failed, or where the execution was to stop."""
    if failed:
        reasons = "; ".join(f"{run.name} failed: {run.message or run.summary}" for run in failed)
        finish(visit.pipeline, visit.execution, FAILED, f"Stage {visit.name}: {reasons}")
    else:
        finish(visit.pipeline, visit.execution, STOPPED, visit.execution.stop_reason)
    admit(visit.pipeline)


def _succeed(visit: _Visit) -> None:
    pipeline, execution = visit.pipeline, visit.execution
    after = "" if execution.kind == "ROLLBACK" else pipeline.stage_after(visit.name)
    if not after:
        finish(pipeline, execution, SUCCEEDED, "")
    else:
        visit.run.status, visit.run.updated = SUCCEEDED, time.time()
        events.of_stage(pipeline, execution, visit.name)
        wait_before(pipeline, execution, after)
    admit(pipeline)


def _stop_of(run: ActionRun) -> Event:
    with lock:
        return _stops.setdefault(run.id, Event())


def _stop_at_the_end() -> None:
    saving.ending.wait()
    with lock:
        for stop in _stops.values():
            stop.set()
    manual.look()
