"""Pipelines as callers of the API and templates make, change, close and remove them (inside the server)."""

from __future__ import annotations

import time
from typing import Any

from ministack.core import iam_evaluator

from localcloud.pipelines import definitions, engine, executions
from localcloud.pipelines.records import Definition, Pipeline, lock

TOUCHES = ("ministack.core.iam_evaluator:caller_arn",)


def create(definition: Definition, tags: dict[str, str]) -> Pipeline:
    """Make a pipeline; as on AWS, that starts it."""
    made = definitions.create(definition, tags)
    if all(_has_default(each) for each in made.definition.get("variables", [])):
        executions.start(made.name, trigger=by_caller("CreatePipeline"))
    return made


def update(definition: Definition) -> Pipeline:
    """Give a pipeline another structure; what runs through it is stopped, as on AWS."""
    with lock:
        changed = definitions.update(definition)
        engine.cancel_all(
            changed, "The pipeline's definition was updated before the execution was completed."
        )
        return changed


def delete(name: str) -> None:
    """Remove a pipeline; one that is not there is no error."""
    with lock:
        removed = definitions.delete(name)
        if removed is not None:
            engine.cancel_all(removed, "The pipeline was deleted.")


def restart(name: str) -> str:
    """Start a pipeline in the caller's name; the execution's id."""
    return executions.start(name, trigger=by_caller("StartPipelineExecution"))


def close(pipeline: Pipeline, stage: str, reason: str) -> None:
    """Disable the transition into a stage."""
    executions.stage_of(pipeline, stage)
    _set_transition(pipeline, stage, enabled=False, disabledReason=reason)


def reopen(pipeline: Pipeline, stage: str) -> None:
    """Enable the transition into a stage."""
    executions.stage_of(pipeline, stage)
    _set_transition(pipeline, stage, enabled=True)


def _set_transition(pipeline: Pipeline, stage: str, **said: Any) -> None:
    with lock:
        changed = {"lastChangedBy": iam_evaluator.caller_arn(), "lastChangedAt": time.time()}
        pipeline.transitions[stage] = said | changed
        engine.admit(pipeline)


def by_caller(kind: str) -> dict[str, str]:
    """The trigger of what a caller of the API begins."""
    return {"triggerType": kind, "triggerDetail": iam_evaluator.caller_arn()}


def _has_default(variable: dict[str, Any]) -> bool:
    return "defaultValue" in variable
