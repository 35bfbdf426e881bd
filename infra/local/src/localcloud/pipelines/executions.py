"""Executions as callers begin, stop, retry and roll them back (inside the server)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from uuid import uuid4

from localcloud.pipelines import definitions, engine, events
from localcloud.pipelines.records import (
    FAILED,
    IN_PROGRESS,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    Declaration,
    Execution,
    Pipeline,
    lock,
)
from localcloud.services import Refusal

# AWS's quota for pipelines in the mode QUEUED.
_MOST_OPEN = 50


def start(
    pipeline_name: str,
    *,
    trigger: Mapping[str, str],
    source_revision: str = "",
    commits: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    request_token: str = "",
) -> str:
    """Begin an execution and return its id.

    ``trigger`` has triggerType and triggerDetail. ``source_revision``: the commit for every source action
    with a connection; ``commits``: by source action. Refusal names what is wrong.
    """
    with lock:
        pipeline = definitions.find(pipeline_name)
        for known in pipeline.executions:
            if request_token and known.request_token == request_token:
                return known.id
        if sum(each.open for each in pipeline.executions) >= _MOST_OPEN:
            raise Refusal(
                "ConcurrentPipelineExecutionsLimitExceededException",
                f"{_MOST_OPEN} executions of {pipeline.name} are under way",
            )
        execution = _new(pipeline, trigger, _variables(pipeline, variables or {}))
        execution.commits = _commits(pipeline, source_revision, commits or {})
        execution.request_token = request_token
        pipeline.executions.append(execution)
        events.of_pipeline(pipeline, execution)
        engine.wait_before(pipeline, execution, str(pipeline.stages[0]["name"]))
        return execution.id


def stop(pipeline_name: str, execution_id: str, *, abandon: bool, reason: str) -> None:
    """Stop it when the running actions have ended, or at once."""
    with lock:
        pipeline, execution = found(pipeline_name, execution_id)
        if not execution.open:
            raise Refusal(
                "PipelineExecutionNotStoppableException",
                f"The execution {execution_id} is {execution.status}: it is not in progress.",
            )
        if execution.status == STOPPING and not abandon:
            raise Refusal(
                "DuplicatedStopRequestException", f"The execution {execution_id} is stopping already."
            )
        execution.stop_reason = reason
        if abandon or not execution.runs_in:
            engine.break_off(pipeline, execution, STOPPED, reason or "The execution was stopped.")
            engine.admit(pipeline)
            return
        execution.status = execution.stages[execution.runs_in].status = STOPPING
        execution.updated = time.time()
        events.of_stage(pipeline, execution, execution.runs_in)
        events.of_pipeline(pipeline, execution)


def retry(pipeline_name: str, stage: str, execution_id: str, mode: str) -> None:
    """Run a stage that has failed once more: what has not succeeded in it, or all of it."""
    with lock:
        pipeline, execution = found(pipeline_name, execution_id)
        declaration = stage_of(pipeline, stage)
        run = execution.stages.get(stage)
        if execution.open or run is None or run.status not in (FAILED, STOPPED):
            raise Refusal(
                "StageNotRetryableException", f"The stage {stage} has not failed in {execution_id}."
            )
        if execution.version != pipeline.version:
            raise Refusal(
                "StageNotRetryableException",
                f"The pipeline has version {pipeline.version} now, and this ran version {execution.version}.",
            )
        if latest_in(pipeline, stage) is not execution:
            raise Refusal(
                "NotLatestPipelineExecutionException",
                f"A later execution has been in the stage {stage} since.",
            )
        last = [execution.latest(stage, action["name"]) for action in declaration["actions"]]
        run.kept = (
            [each.name for each in last if each and each.status == SUCCEEDED]
            if mode == "FAILED_ACTIONS"
            else []
        )
        execution.status, execution.summary, execution.stop_reason = IN_PROGRESS, "", ""
        events.of_pipeline(pipeline, execution, "RESUMED")
        engine.wait_before(pipeline, execution, stage, first=True)


def roll_back(pipeline_name: str, stage: str, target_id: str, trigger: Mapping[str, str]) -> str:
    """Run one stage with what an earlier execution had when it succeeded in it; the new execution's id.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html
    """
    with lock:
        pipeline, target = found(pipeline_name, target_id)
        _may_roll_back(pipeline, stage, target)
        execution = _new(pipeline, trigger, target.variables)
        execution.kind, execution.target = "ROLLBACK", target.id
        execution.artifacts, execution.commits = dict(target.artifacts), dict(target.commits)
        execution.namespaces = {name: dict(values) for name, values in target.namespaces.items()}
        execution.revisions = [dict(each) for each in target.revisions]
        pipeline.executions.append(execution)
        events.of_pipeline(pipeline, execution)
        engine.wait_before(pipeline, execution, stage)
        return execution.id


def found(pipeline_name: str, execution_id: str) -> tuple[Pipeline, Execution]:
    """A pipeline and its execution of that id."""
    pipeline = definitions.find(pipeline_name)
    execution = pipeline.execution(execution_id)
    if execution is None:
        raise Refusal(
            "PipelineExecutionNotFoundException",
            f"The pipeline {pipeline_name} has no execution with the id {execution_id}.",
        )
    return pipeline, execution


def latest_in(pipeline: Pipeline, stage: str) -> Execution | None:
    """The execution that was the last to enter a stage."""
    entered = [each for each in pipeline.executions if stage in each.stages]
    return max(entered, key=lambda each: each.stages[stage].started, default=None)


def _new(pipeline: Pipeline, trigger: Mapping[str, str], variables: Mapping[str, str]) -> Execution:
    now = time.time()
    return Execution(
        id=str(uuid4()),
        version=pipeline.version,
        mode=pipeline.definition["executionMode"],
        started=now,
        updated=now,
        trigger=dict(trigger),
        variables=dict(variables),
    )


def _variables(pipeline: Pipeline, given: Mapping[str, str]) -> dict[str, str]:
    declared = {each["name"]: each.get("defaultValue") for each in pipeline.definition.get("variables", [])}
    if surplus := sorted(set(given) - set(declared)):
        raise Refusal(
            "ValidationException", f"The pipeline {pipeline.name} has no variable {', '.join(surplus)}."
        )
    values = declared | dict(given)
    if missing := sorted(name for name, value in values.items() if value is None):
        raise Refusal(
            "ValidationException", f"{', '.join(missing)}: no value is given, and there is no default."
        )
    return {name: str(value) for name, value in values.items()}


def _commits(pipeline: Pipeline, every: str, given: Mapping[str, str]) -> dict[str, str]:
    sources = {each["name"]: each["actionTypeId"]["provider"] for each in pipeline.stages[0]["actions"]}
    connected = [name for name, provider in sources.items() if provider == "CodeStarSourceConnection"]
    for name in given:
        if name not in connected:
            raise Refusal("ValidationException", f"{name} is no source action that takes a COMMIT_ID.")
    return (dict.fromkeys(connected, every) if every else {}) | dict(given)


def stage_of(pipeline: Pipeline, name: str) -> Declaration:
    """The declaration of a stage."""
    declaration = pipeline.stage(name)
    if declaration is None:
        raise Refusal("StageNotFoundException", f"The pipeline {pipeline.name} has no stage {name}.")
    return declaration


def _may_roll_back(pipeline: Pipeline, stage: str, target: Execution) -> None:
    stage_of(pipeline, stage)
    run = target.stages.get(stage)
    inside = pipeline.inside(stage)
    reason = ""
    if pipeline.definition["pipelineType"] != "V2":
        reason = "Stages are rolled back in pipelines of type V2."
    elif stage == pipeline.stages[0]["name"]:
        reason = "A stage with sources is not rolled back."
    elif target.kind == "ROLLBACK":
        reason = f"{target.id} is a rollback itself: name the execution that it went back to."
    elif run is None or run.status != SUCCEEDED:
        reason = f"{target.id} has not succeeded in the stage {stage}."
    elif inside is not None:
        reason = f"{inside.id} is in the stage {stage}: wait for it or stop it."
    if reason:
        raise Refusal("UnableToRollbackStageException", reason)
    if target.version != pipeline.version:
        raise Refusal(
            "PipelineExecutionOutdatedException",
            f"The pipeline has version {pipeline.version} now, and {target.id} ran {target.version}.",
        )
