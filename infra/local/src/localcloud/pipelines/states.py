"""Pipelines and their executions in the shapes that the API answers."""

from __future__ import annotations

from typing import Any

from localcloud.pipelines.executions import latest_in
from localcloud.pipelines.records import FAILED, IN_PROGRESS, ActionRun, Declaration, Execution, Pipeline

Shape = dict[str, Any]


def pipeline_state(pipeline: Pipeline) -> Shape:
    """What GetPipelineState answers."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "stageStates": [_stage_state(pipeline, stage) for stage in pipeline.stages],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def execution_detail(pipeline: Pipeline, execution: Execution) -> Shape:
    """What GetPipelineExecution answers."""
    revisions = [
        _without_nothing(
            {
                "name": artifact,
                "revisionId": each["id"],
                "revisionSummary": each["summary"],
                "created": each["created"],
                "revisionUrl": each["url"],
            }
        )
        for each in execution.revisions
        for artifact in each["artifacts"]
    ]
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": execution.version,
        "artifactRevisions": revisions,
        "variables": [{"name": name, "resolvedValue": value} for name, value in execution.variables.items()],
        **_common(execution),
    }


def execution_summary(execution: Execution) -> Shape:
    """One of what ListPipelineExecutions answers."""
    sources = [
        _without_nothing(
            {
                "actionName": each["action"],
                "revisionId": each["id"],
                "revisionSummary": each["summary"],
                "revisionUrl": each["url"],
            }
        )
        for each in execution.revisions
    ]
    stopped = {"stopTrigger": {"reason": execution.stop_reason}} if execution.stop_reason else {}
    times = {"startTime": execution.started, "lastUpdateTime": execution.updated}
    return {"sourceRevisions": sources, **times, **stopped, **_common(execution)}


def action_detail(pipeline: Pipeline, execution: Execution, run: ActionRun) -> Shape:
    """One of what ListActionExecutions answers."""
    bucket = pipeline.definition["artifactStore"]["location"]
    declaration = run.declaration
    result = {
        "externalExecutionId": _external_id(run),
        "externalExecutionSummary": run.summary,
        "externalExecutionUrl": run.url,
        "errorDetails": _error(run),
    }
    given = {
        "actionTypeId": declaration["actionTypeId"],
        "configuration": declaration["configuration"],
        "resolvedConfiguration": run.configuration,
        "roleArn": run.role,
        "region": pipeline.region,
        "inputArtifacts": _artifacts(bucket, run.inputs),
        "namespace": declaration.get("namespace"),
    }
    outputs = run.outputs if run.status == "Succeeded" else {}
    return _without_nothing(
        {
            "pipelineExecutionId": execution.id,
            "actionExecutionId": run.id,
            "pipelineVersion": execution.version,
            "stageName": run.stage,
            "actionName": run.name,
            "startTime": run.started,
            "lastUpdateTime": run.updated,
            "updatedBy": run.updated_by,
            "status": run.status,
            "input": _without_nothing(given),
            "output": {
                "outputArtifacts": _artifacts(bucket, outputs),
                "executionResult": _without_nothing(result),
                "outputVariables": run.variables,
            },
        }
    )


def _common(execution: Execution) -> Shape:
    shape: Shape = {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.summary,
        "trigger": execution.trigger,
        "executionMode": execution.mode,
        "executionType": execution.kind,
    }
    if execution.target:
        shape["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": execution.target}
    return _without_nothing(shape)


def _stage_state(pipeline: Pipeline, stage: Declaration) -> Shape:
    name = stage["name"]
    waiting = [_stage_execution(each, each.status) for each in pipeline.waiting(name)]
    latest = latest_in(pipeline, name)
    state: Shape = {
        "stageName": name,
        "inboundExecutions": waiting,
        "inboundTransitionState": pipeline.transitions.get(name, {"enabled": True}),
        "actionStates": [_action_state(pipeline, name, action) for action in stage["actions"]],
    }
    if waiting:
        state["inboundExecution"] = waiting[0]
    if latest is not None:
        run = latest.stages[name]
        state["latestExecution"] = _stage_execution(latest, run.status)
        if run.attempt > 1:
            retried = {"manualStageRetryAttempt": run.attempt - 1, "latestRetryTrigger": "ManualStageRetry"}
            state["retryStageMetadata"] = retried
    return state


def _stage_execution(execution: Execution, status: str) -> Shape:
    return {"pipelineExecutionId": execution.id, "status": status, "type": execution.kind}


def _action_state(pipeline: Pipeline, stage: str, action: Declaration) -> Shape:
    runs = [run for each in pipeline.executions if (run := each.latest(stage, action["name"]))]
    state: Shape = {"actionName": action["name"]}
    if not runs:
        return state
    run = max(runs, key=lambda each: each.started)
    if run.revision:
        revision = {"revisionId": run.revision, "revisionChangeId": run.revision, "created": run.updated}
        state |= _without_nothing({"currentRevision": revision, "revisionUrl": run.revision_url})
    if link := run.configuration.get("ExternalEntityLink"):
        state["entityUrl"] = link
    latest = {
        "actionExecutionId": run.id,
        "status": run.status,
        "summary": run.summary,
        "lastStatusChange": run.updated,
        "token": open_token(run),
        "lastUpdatedBy": run.updated_by,
        "externalExecutionId": _external_id(run),
        "externalExecutionUrl": run.url,
        "errorDetails": _error(run),
    }
    return _without_nothing(state | {"latestExecution": _without_nothing(latest)})


def is_approval(run: ActionRun) -> bool:
    return bool(run.declaration["actionTypeId"]["category"] == "Approval")


def open_token(run: ActionRun) -> str:
    """The token of an approval that waits, "" of anything else."""
    return run.external_id if is_approval(run) and run.status == IN_PROGRESS else ""


def _external_id(run: ActionRun) -> str:
    return "" if is_approval(run) else run.external_id


def _error(run: ActionRun) -> Shape:
    return {"code": run.code, "message": run.message} if run.status == FAILED else {}


def _artifacts(bucket: str, keys: dict[str, str]) -> list[Shape]:
    return [{"name": name, "s3location": {"bucket": bucket, "key": key}} for name, key in keys.items()]


def _without_nothing(shape: Shape) -> Shape:
    return {key: value for key, value in shape.items() if value not in (None, "", {})}
