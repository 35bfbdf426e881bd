"""CodePipeline's state changes as events on the default bus, in their order.

https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import eventbridge

from localcloud.pipelines.records import ActionRun, Execution, Pipeline

TOUCHES = ("ministack.services.eventbridge:_put_events",)

_STATES = {"InProgress": "STARTED", "Cancelled": "CANCELED"}

_log = logging.getLogger("localcloud")
_waiting: queue.SimpleQueue[tuple[Pipeline, str, dict[str, Any]]] = queue.SimpleQueue()


def begin() -> None:
    """Deliver from now on, in a thread of its own: whoever changes a state does not wait for targets."""
    threading.Thread(target=_deliver, daemon=True, name="localcloud-pipeline-events").start()


def of_pipeline(pipeline: Pipeline, execution: Execution, state: str = "") -> None:
    trigger = {
        "trigger-type": execution.trigger["triggerType"],
        "trigger-detail": execution.trigger["triggerDetail"],
    }
    detail = {"state": state or _state(execution.status), "execution-trigger": trigger}
    _put(pipeline, execution, "Pipeline", detail)


def of_stage(pipeline: Pipeline, execution: Execution, stage: str, state: str = "") -> None:
    _put(
        pipeline,
        execution,
        "Stage",
        {"stage": stage, "state": state or _state(execution.stages[stage].status)},
    )


def of_action(pipeline: Pipeline, execution: Execution, run: ActionRun) -> None:
    bucket = pipeline.definition["artifactStore"]["location"]
    detail: dict[str, Any] = {
        "stage": run.stage,
        "action": run.name,
        "action-execution-id": run.id,
        "state": _state(run.status),
        "region": pipeline.region,
        "type": dict(run.declaration["actionTypeId"]),
    }
    for key, artifacts in (("input-artifacts", run.inputs), ("output-artifacts", run.outputs)):
        detail[key] = [
            {"name": name, "s3location": {"bucket": bucket, "key": place}}
            for name, place in artifacts.items()
        ]
    if run.status != "InProgress":
        result = {
            "external-execution-id": run.external_id,
            "external-execution-url": run.url,
            "external-execution-summary": run.message or run.summary,
            "error-code": run.code,
        }
        detail["execution-result"] = {key: value for key, value in result.items() if value}
    _put(pipeline, execution, "Action", detail)


def _state(status: str) -> str:
    return _STATES.get(status, status.upper())


def _put(pipeline: Pipeline, execution: Execution, what: str, detail: dict[str, Any]) -> None:
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(execution.started))
    common = {
        "pipeline": pipeline.name,
        "execution-id": execution.id,
        "start-time": started,
        "version": float(execution.version),
        "pipeline-execution-attempt": float(execution.attempt),
    }
    _waiting.put((pipeline, f"CodePipeline {what} Execution State Change", common | detail))


def _deliver() -> None:
    while True:
        pipeline, kind, detail = _waiting.get()
        entry = {
            "Source": "aws.codepipeline",
            "DetailType": kind,
            "Detail": json.dumps(detail),
            "Resources": [pipeline.arn],
        }
        try:
            with request_scope(pipeline.account, pipeline.region):
                eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
        except Exception:  # noqa: BLE001 - the pipeline goes on, and the log says what was not told
            _log.exception("an event of the pipeline %s was not delivered", pipeline.name)
