"""The operations of CodePipeline's API: parse, one call, shape the answer."""

from __future__ import annotations

import base64
import binascii
import copy
import time
from collections.abc import Callable

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region

from localcloud.pipelines import definitions, executions, keeping, lifecycle, manual, states
from localcloud.pipelines.records import Execution, Pipeline, lock
from localcloud.services import Body, Refusal, Service

_PAGE = 100
# Operations on a stage or an action, as IAM knows them.
_OF_STAGES = {"RetryStageExecution", "RollbackStage", "EnableStageTransition", "DisableStageTransition"}


def service() -> Service:
    """CodePipeline, to be registered."""
    return Service("codepipeline", _OPERATIONS, _resource, keeping.save, keeping.load, keeping.reset)


def _create(request: Body) -> Body:
    tags = {each["key"]: each["value"] for each in request.get("tags", [])}
    made = lifecycle.create(request["pipeline"], tags)
    return {"pipeline": copy.deepcopy(made.definition), "tags": _tag_list(tags)}


def _get(request: Body) -> Body:
    found = definitions.find(request["name"])
    if request.get("version", found.version) != found.version:
        raise Refusal(
            "PipelineVersionNotFoundException",
            f"Of {found.name} only version {found.version} is kept on the local cloud.",
        )
    metadata = {"pipelineArn": found.arn, "created": found.created, "updated": found.updated}
    return {"pipeline": copy.deepcopy(found.definition), "metadata": metadata}


def _update(request: Body) -> Body:
    return {"pipeline": copy.deepcopy(lifecycle.update(request["pipeline"]).definition)}


def _delete(request: Body) -> Body:
    lifecycle.delete(request["name"])
    return {}


def _list(request: Body) -> Body:
    shapes = [
        {
            "name": each.name,
            "version": each.version,
            "pipelineType": each.definition["pipelineType"],
            "executionMode": each.definition["executionMode"],
            "created": each.created,
            "updated": each.updated,
        }
        for each in definitions.listed()
    ]
    return _page("pipelines", shapes, request)


def _state(request: Body) -> Body:
    with lock:
        return states.pipeline_state(definitions.find(request["name"]))


def _execution(request: Body) -> Body:
    with lock:
        pipeline, execution = executions.found(request["pipelineName"], request["pipelineExecutionId"])
        return {"pipelineExecution": states.execution_detail(pipeline, execution)}


def _list_executions(request: Body) -> Body:
    with lock:
        pipeline = definitions.find(request["pipelineName"])
        stage = request.get("filter", {}).get("succeededInStage", {}).get("stageName", "")
        found = [each for each in _newest_first(pipeline) if not stage or _succeeded(each, stage)]
        return _page(
            "pipelineExecutionSummaries", [states.execution_summary(each) for each in found], request
        )


def _list_actions(request: Body) -> Body:
    with lock:
        pipeline, wanted = definitions.find(request["pipelineName"]), request.get("filter", {})
        latest = wanted.get("latestInPipelineExecution")
        one = latest["pipelineExecutionId"] if latest else wanted.get("pipelineExecutionId")
        chosen = [executions.found(pipeline.name, one)[1]] if one else _newest_first(pipeline)
        pairs = [(execution, run) for execution in chosen for run in execution.actions]
        if latest and latest["startTimeRange"] == "Latest":
            pairs = [(each, run) for each, run in pairs if each.latest(run.stage, run.name) is run]
        pairs.sort(key=lambda pair: pair[1].started, reverse=True)
        shapes = [states.action_detail(pipeline, execution, run) for execution, run in pairs]
        return _page("actionExecutionDetails", shapes, request)


def _start(request: Body) -> Body:
    commits = {}
    for each in request.get("sourceRevisions", []):
        if each["revisionType"] != "COMMIT_ID":
            raise Refusal(
                "ValidationException", f"revisionType {each['revisionType']} is not there on the local cloud"
            )
        commits[each["actionName"]] = each["revisionValue"]
    started = executions.start(
        request["name"],
        trigger=lifecycle.by_caller("StartPipelineExecution"),
        commits=commits,
        variables={each["name"]: each["value"] for each in request.get("variables", [])},
        request_token=request.get("clientRequestToken", ""),
    )
    return {"pipelineExecutionId": started}


def _stop(request: Body) -> Body:
    execution_id = request["pipelineExecutionId"]
    abandon, reason = request.get("abandon", False), request.get("reason", "")
    executions.stop(request["pipelineName"], execution_id, abandon=abandon, reason=reason)
    return {"pipelineExecutionId": execution_id}


def _retry(request: Body) -> Body:
    execution_id = request["pipelineExecutionId"]
    executions.retry(request["pipelineName"], request["stageName"], execution_id, request["retryMode"])
    return {"pipelineExecutionId": execution_id}


def _roll_back(request: Body) -> Body:
    names = request["pipelineName"], request["stageName"], request["targetPipelineExecutionId"]
    return {"pipelineExecutionId": executions.roll_back(*names, lifecycle.by_caller("ManualRollback"))}


def _approve(request: Body) -> Body:
    pipeline, stage, action = (
        definitions.find(request["pipelineName"]),
        request["stageName"],
        request["actionName"],
    )
    with lock:
        declared = {each["name"]: each for each in executions.stage_of(pipeline, stage)["actions"]}
        if declared.get(action, {}).get("actionTypeId", {}).get("category") != "Approval":
            raise Refusal("ActionNotFoundException", f"The stage {stage} has no approval action {action}.")
        runs = [
            run
            for each in pipeline.executions
            for run in each.actions
            if (run.stage, run.name) == (stage, action)
        ]
        run = next((each for each in runs if each.external_id == request["token"]), None)
        if run is None:
            raise Refusal("InvalidApprovalTokenException", "This token is of no approval of this action.")
        caller, result = iam_evaluator.caller_arn(), request["result"]
        decision = manual.Decision(result["status"] == "Approved", result["summary"], caller)
        if not states.open_token(run) or not manual.decide(request["token"], decision):
            raise Refusal(
                "ApprovalAlreadyCompletedException", "The approval action has been completed already."
            )
        run.updated_by = caller
    return {"approvedAt": time.time()}


def _transition(request: Body, *, enabled: bool) -> Body:
    if request["transitionType"] != "Inbound":
        raise Refusal(
            "ValidationException", "transitionType Outbound is not there on the local cloud: Inbound is"
        )
    pipeline = definitions.find(request["pipelineName"])
    if enabled:
        lifecycle.reopen(pipeline, request["stageName"])
    else:
        lifecycle.close(pipeline, request["stageName"], request["reason"])
    return {}


def _tag(request: Body) -> Body:
    tags = {each["key"]: each["value"] for each in request["tags"]}
    _tagged(request).tags.update(tags)
    return {}


def _untag(request: Body) -> Body:
    tags = _tagged(request).tags
    for key in request["tagKeys"]:
        tags.pop(key, None)
    return {}


def _list_tags(request: Body) -> Body:
    return _page("tags", _tag_list(_tagged(request).tags), request)


def _tagged(request: Body) -> Pipeline:
    for each in definitions.listed():
        if each.arn == request["resourceArn"]:
            return each
    raise Refusal("ResourceNotFoundException", f"There is no pipeline {request['resourceArn']}.")


def _tag_list(tags: dict[str, str]) -> list[Body]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _newest_first(pipeline: Pipeline) -> list[Execution]:
    return list(reversed(pipeline.executions))


def _succeeded(execution: Execution, stage: str) -> bool:
    return stage in execution.stages and execution.stages[stage].status == "Succeeded"


def _page(name: str, shapes: list[Body], request: Body) -> Body:
    """One page; the token says how many went before."""
    try:
        begin = int(base64.b64decode(request.get("nextToken", ""), validate=True) or 0)
    except (ValueError, binascii.Error):
        raise Refusal("InvalidNextTokenException", "This nextToken is not one of ours.") from None
    end = begin + int(request.get("maxResults", _PAGE))
    more = {"nextToken": base64.b64encode(str(end).encode()).decode()} if end < len(shapes) else {}
    return {name: shapes[begin:end], **more}


def _resource(operation: str, request: Body) -> str:
    """What IAM is asked about."""
    root = f"arn:aws:codepipeline:{get_region()}:{get_account_id()}"
    if "resourceArn" in request:
        return str(request["resourceArn"])
    if operation in ("CreatePipeline", "UpdatePipeline"):
        return f"{root}:{request['pipeline']['name']}"
    if operation == "ListPipelines":
        return "*"
    pipeline = f"{root}:{request.get('pipelineName') or request['name']}"
    if operation == "PutApprovalResult":
        return f"{pipeline}/{request['stageName']}/{request['actionName']}"
    return f"{pipeline}/{request['stageName']}" if operation in _OF_STAGES else pipeline


_OPERATIONS: dict[str, Callable[[Body], Body]] = {
    "CreatePipeline": _create,
    "GetPipeline": _get,
    "UpdatePipeline": _update,
    "DeletePipeline": _delete,
    "ListPipelines": _list,
    "GetPipelineState": _state,
    "GetPipelineExecution": _execution,
    "ListPipelineExecutions": _list_executions,
    "ListActionExecutions": _list_actions,
    "StartPipelineExecution": _start,
    "StopPipelineExecution": _stop,
    "RetryStageExecution": _retry,
    "RollbackStage": _roll_back,
    "PutApprovalResult": _approve,
    "EnableStageTransition": lambda request: _transition(request, enabled=True),
    "DisableStageTransition": lambda request: _transition(request, enabled=False),
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _list_tags,
}
