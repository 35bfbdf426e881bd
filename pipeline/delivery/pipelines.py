"""CodePipeline, by its client: the only place here that calls it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from delivery import history, states
from delivery.clients import client
from delivery.definition import Definition, definition
from delivery.errors import DeliveryError
from delivery.history import Execution, Run
from delivery.states import StageState

PREFIX = "wotr-"
SUMMARY_LIMIT = 512  # characters that an approval's reason may have


class Pipelines:
    """The pipelines of the account and region that the shell's credentials lead to."""

    def __init__(self, codepipeline: Any = None) -> None:
        self._client = codepipeline or client("codepipeline")

    def deployables(self) -> list[str]:
        """What has a pipeline here, by name."""
        pages = self._client.get_paginator("list_pipelines").paginate()
        names = [found["name"] for page in pages for found in page["pipelines"]]
        return sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))

    def definition(self, deployable: str) -> Definition:
        """How the pipeline is made; DeliveryError where there is none."""
        try:
            return definition(self._client.get_pipeline(name=PREFIX + deployable)["pipeline"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "PipelineNotFoundException":
                raise
            known = ", ".join(self.deployables()) or "none yet"
            raise DeliveryError(
                f"there is no pipeline for {deployable} here; there are: {known}\n"
                f"Make it: python3 noxfile.py -s delivery -- bootstrap {deployable}"
            ) from error

    def stages(self, known: Definition) -> list[StageState]:
        """What each stage is doing now."""
        return states.stages(known, self._client.get_pipeline_state(name=known.name))

    def executions(self, name: str) -> Iterator[Execution]:
        """All executions of the pipeline ``name``, newest first."""
        for page in self._client.get_paginator("list_pipeline_executions").paginate(pipelineName=name):
            yield from map(history.execution, page["pipelineExecutionSummaries"])

    def runs(self, name: str, execution_id: str = "") -> Iterator[Run]:
        """Actions that ran, newest first: of one execution, or of all."""
        chosen = {"filter": {"pipelineExecutionId": execution_id}} if execution_id else {}
        pages = self._client.get_paginator("list_action_executions").paginate(pipelineName=name, **chosen)
        for page in pages:
            yield from map(history.run, page["actionExecutionDetails"])

    def answer(self, name: str, stage: str, action: str, token: str, *, status: str, reason: str) -> None:
        """Approve or reject (``status`` Approved or Rejected)."""
        try:
            self._client.put_approval_result(
                pipelineName=name,
                stageName=stage,
                actionName=action,
                token=token,
                result={"status": status, "summary": reason[:SUMMARY_LIMIT]},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in (
                "ApprovalAlreadyCompletedException",
                "InvalidApprovalTokenException",
            ):
                raise
            raise DeliveryError(f"{name}: somebody else has answered this approval meanwhile") from error

    def start(self, known: Definition, commit: str) -> str:
        """Run the whole pipeline for a commit; the new execution's id."""
        override = {"actionName": known.source.name, "revisionType": "COMMIT_ID", "revisionValue": commit}
        answer = self._client.start_pipeline_execution(name=known.name, sourceRevisions=[override])
        return str(answer["pipelineExecutionId"])

    def stop(self, name: str, execution_id: str, reason: str) -> None:
        """Give an execution up where it is."""
        self._client.stop_pipeline_execution(
            pipelineName=name, pipelineExecutionId=execution_id, abandon=True, reason=reason[:200]
        )

    def roll_back(self, name: str, stage: str, target: str) -> str:
        """Run a stage again with what an earlier execution brought there; the new execution's id.

        Raises
        ------
        DeliveryError
            Where CodePipeline refuses, with its reason.
        """
        try:
            answer = self._client.rollback_stage(
                pipelineName=name, stageName=stage, targetPipelineExecutionId=target
            )
        except ClientError as error:
            code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code == "PipelineExecutionOutdatedException":
                deployable = name.removeprefix(PREFIX)
                raise DeliveryError(
                    f"{name} was changed since execution {target} and cannot take its artifacts: {said}\n"
                    "Build that commit anew: "
                    f"python3 noxfile.py -s delivery -- rollback {deployable} --to {target} --rebuild"
                ) from error
            if code in ("ConflictException", "UnableToRollbackStageException"):
                raise DeliveryError(f"{name}: stage {stage} cannot be rolled back now: {said}") from error
            raise
        return str(answer["pipelineExecutionId"])


def local() -> bool:
    """Whether this shell leads to an emulator, which may be asked more often than AWS."""
    return "AWS_ENDPOINT_URL" in os.environ


def pause_s() -> float:
    """How long to wait between two looks."""
    return 0.5 if local() else 5.0
