"""One run of one action: its variables, its session, its provider, and what is recorded of it."""

from __future__ import annotations

import copy
import logging
import secrets
import time
from dataclasses import dataclass
from threading import Event
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from localcloud import saving, service_roles
from localcloud.pipelines import definitions, events, manual, providers, variables
from localcloud.pipelines.actions import Action, Location, Outcome
from localcloud.pipelines.records import (
    IN_PROGRESS,
    SUCCEEDED,
    ActionRun,
    Declaration,
    Execution,
    Pipeline,
    lock,
)

TOUCHES = (*service_roles.TOUCHES, *definitions.TOUCHES, *events.TOUCHES)

# AWS shortens names in keys of the artifact store, which policies on prefixes have to know.
_PIPELINE_LETTERS, _ARTIFACT_LETTERS, _ID_LETTERS = 20, 10, 7
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}

_log = logging.getLogger("localcloud")


class _Refused(Exception):
    """An action that cannot run; ``code`` is an error code of ErrorDetails."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Place:
    """Where an action runs: its pipeline, the execution, and the word to stop."""

    pipeline: Pipeline
    execution: Execution
    stop: Event


def begin(pipeline: Pipeline, execution: Execution, stage: str, declaration: Declaration) -> ActionRun:
    """A new run, recorded as in progress. The lock is held."""
    now = time.time()
    run = ActionRun(
        id=str(uuid4()),
        stage=stage,
        declaration=copy.deepcopy(declaration),
        attempt=execution.stages[stage].attempt,
        started=now,
        updated=now,
        role=str(declaration.get("roleArn") or pipeline.definition["roleArn"]),
        outputs={each["name"]: _key(pipeline, each["name"]) for each in declaration["outputArtifacts"]},
    )
    execution.actions.append(run)
    execution.updated = now
    events.of_action(pipeline, execution, run)
    return run


def perform(place: Place, run: ActionRun, *, resumed: bool) -> None:
    """Run the action to its end, and record that, unless the server ends or it was abandoned before."""
    try:
        outcome = _outcome(place, run, resumed=resumed)
    except _Refused as error:
        outcome = Outcome("Failed", str(error), code=error.code)
    except ClientError as error:
        denied = error.response["Error"]["Code"] in _DENIED
        outcome = Outcome("Failed", str(error), code="PermissionError" if denied else "JobFailed")
    except BotoCoreError as error:
        outcome = Outcome("Failed", str(error))
    except Exception as error:  # noqa: BLE001 - the action fails with what went wrong, the log has the trace
        _log.exception("action %s of the pipeline %s broke", run.name, place.pipeline.name)
        outcome = Outcome("Failed", f"{type(error).__name__}: {error}", code="SystemUnavailable")
    with lock:
        if run.status != IN_PROGRESS or saving.ending.is_set():
            return
        _record(place, run, outcome)


def end(place: Place, run: ActionRun, status: str, why: str) -> None:
    """End a run from outside. The lock is held."""
    run.status, run.updated = status, time.time()
    run.summary = why
    if status == "Failed":
        run.code, run.message = "JobFailed", why
    place.stop.set()
    manual.look()
    events.of_action(place.pipeline, place.execution, run)


def _outcome(place: Place, run: ActionRun, *, resumed: bool) -> Outcome:
    if resumed and not run.external_id:
        return Outcome(
            "Failed", "The local cloud was stopped while the action ran, before it had told what it began."
        )
    if not resumed:
        _prepare(place.execution, run)
    provider = providers.module(run.declaration["actionTypeId"])
    return provider.run(
        Action(
            pipeline=place.pipeline.name,
            execution_id=place.execution.id,
            action_execution_id=run.id,
            stage=run.stage,
            name=run.name,
            configuration=dict(run.configuration),
            inputs=_locations(place, run.inputs),
            outputs=_locations(place, run.outputs),
            variables=_session(place, run),
            tell=lambda external_id="", url="", summary="": _tell(run, external_id, url, summary),
            stop=place.stop,
            resumes=run.external_id if resumed else "",
            source=place.execution.commits.get(run.name, ""),
            started=run.started,
            timeout_minutes=int(run.declaration.get("timeoutInMinutes", 0)),
        )
    )


def _prepare(execution: Execution, run: ActionRun) -> None:
    """Resolve the configuration and find the artifacts."""
    with lock:
        known = execution.namespaces | {
            "variables": execution.variables,
            "codepipeline": {"PipelineExecutionId": execution.id},
        }
        for artifact in run.declaration["inputArtifacts"]:
            if artifact["name"] not in execution.artifacts:
                raise _Refused("ConfigurationError", f"nobody has made the input artifact {artifact['name']}")
            run.inputs[artifact["name"]] = execution.artifacts[artifact["name"]]
        for key, value in run.declaration["configuration"].items():
            try:
                run.configuration[key] = variables.resolve(value, known)
            except variables.Unknown as error:
                raise _Refused("ConfigurationError", f"{key}: {error}") from None


def _session(place: Place, run: ActionRun) -> dict[str, str]:
    """The pipeline's role; an action's own role is assumed through it, as on AWS."""
    pipeline_role = place.pipeline.definition["roleArn"]
    try:
        session = service_roles.credentials(pipeline_role, definitions.SERVICE, place.execution.id)
    except service_roles.NotTrusted as error:
        raise _Refused("PermissionError", str(error)) from None
    if run.role == pipeline_role:
        return session
    sts = service_roles.client("sts", session)
    keys = sts.assume_role(RoleArn=run.role, RoleSessionName=place.execution.id)["Credentials"]
    return session | {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def _locations(place: Place, keys: dict[str, str]) -> dict[str, Location]:
    store: dict[str, Any] = place.pipeline.definition["artifactStore"]
    kms = store.get("encryptionKey", {}).get("id", "")
    with lock:
        revisions = {name: each["id"] for each in place.execution.revisions for name in each["artifacts"]}
    return {
        name: Location(store["location"], key, kms, revisions.get(name, "")) for name, key in keys.items()
    }


def _key(pipeline: Pipeline, artifact: str) -> str:
    name, short = pipeline.name[:_PIPELINE_LETTERS], artifact[:_ARTIFACT_LETTERS]
    return f"{name}/{short}/{secrets.token_hex(_ID_LETTERS)[:_ID_LETTERS]}"


def _tell(run: ActionRun, external_id: str, url: str, summary: str) -> None:
    with lock:
        if run.status == IN_PROGRESS:
            run.external_id = external_id or run.external_id
            run.url, run.summary, run.updated = url or run.url, summary or run.summary, time.time()


def _record(place: Place, run: ActionRun, outcome: Outcome) -> None:
    execution = place.execution
    run.status, run.summary = outcome.status, outcome.summary
    run.external_id, run.url = outcome.external_id or run.external_id, outcome.url or run.url
    run.updated = execution.updated = time.time()
    if run.status == SUCCEEDED:
        run.variables = dict(outcome.variables)
        execution.artifacts |= run.outputs
        if "namespace" in run.declaration:
            execution.namespaces[run.declaration["namespace"]] = run.variables
        _record_revision(execution, run, outcome)
    elif run.status == "Failed":
        run.code, run.message = outcome.code, outcome.summary or "The action failed and gave no reason."
        run.variables = dict(outcome.variables)
    if run.declaration["actionTypeId"]["category"] == "Approval":
        manual.forget(run.external_id)
    events.of_action(place.pipeline, execution, run)


def _record_revision(execution: Execution, run: ActionRun, outcome: Outcome) -> None:
    if not outcome.revision:
        return
    run.revision, run.revision_url = outcome.revision, outcome.revision_url
    execution.revisions = [each for each in execution.revisions if each["action"] != run.name]
    execution.revisions.append(
        {
            "action": run.name,
            "artifacts": list(run.outputs),
            "id": outcome.revision,
            "summary": outcome.summary,
            "url": outcome.revision_url,
            "created": run.updated,
        }
    )
