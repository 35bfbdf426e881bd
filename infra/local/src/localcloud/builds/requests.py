"""Builds: the operations on them."""

from __future__ import annotations

import time
import uuid
from typing import Any

from ministack.core import iam_evaluator

from localcloud.builds import handover, records, settings, work
from localcloud.builds.handover import Handover
from localcloud.builds.pages import page
from localcloud.builds.run import Order
from localcloud.builds.work import Work
from localcloud.services import Body, Operation, Refusal

TOUCHES = ("ministack.core.iam_evaluator:caller_arn",)

_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
}
_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "buildspecOverride": "buildspec",
}
_PLAIN = (
    "cache",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "artifacts",
    "secondaryArtifacts",
    "secondarySources",
    "logsConfig",
)
# A repeated StartBuild with the same token is the same build for five minutes.
_TOKEN_SECONDS = 300


class Builds:
    """StartBuild and the rest; ``work`` does what they ask for."""

    def __init__(self, its_work: Work) -> None:
        self._work = its_work
        self._tokens: dict[str, tuple[float, str, Body]] = {}
        self._asked: dict[str, Body] = {}

    def start(self, request: Body) -> Body:
        """StartBuild."""
        name = request["projectName"]
        project = records.found(records.projects, name, "project")
        settings.check(request, settings.START)
        with records.lock:
            known = self._repeated(request)
            if known is not None:
                return {"build": records.found(records.builds, known, "build")}
            given = handover.take(request.get("idempotencyToken", ""))
            effective = _effective(project, request)
            _check_pipeline(effective, given)
            limit = project.get("concurrentBuildLimit")
            if limit and self._work.under_way(name) >= limit:
                words = f"{name} has {limit} builds under way, which is its concurrentBuildLimit"
                raise Refusal("AccountLimitExceededException", words)
            build = self._record(effective, request, given)
            if token := request.get("idempotencyToken"):
                self._tokens[token] = (time.monotonic(), build["id"], request)
        self._asked[build["id"]] = request
        self._work.submit(self._order(build, effective, request, given))
        return {"build": records.told(records.builds, build["id"])}

    def _repeated(self, request: Body) -> str | None:
        found = self._tokens.get(request.get("idempotencyToken", ""))
        if found is None or time.monotonic() - found[0] > _TOKEN_SECONDS:
            return None
        if found[2] != request:
            raise Refusal("InvalidInputException", "this idempotencyToken was used for another request")
        return found[1]

    def _record(self, effective: Body, request: Body, given: Handover | None) -> Body:
        name, now = effective["name"], time.time()
        number = records.numbers[name] = records.numbers.get(name, 0) + 1
        build_id = f"{name}:{uuid.uuid4()}"
        source_version = request.get("sourceVersion") or effective.get("sourceVersion", "")
        if given is not None:
            source_version = (
                f"arn:aws:s3:::{given.inputs[given.primary].bucket}/{given.inputs[given.primary].key}"
            )
        optional = {"sourceVersion": source_version, "resolvedSourceVersion": given.revision if given else ""}
        records.builds[build_id] = {
            "id": build_id,
            "arn": records.arn(f"build/{build_id}"),
            "buildNumber": number,
            "startTime": now,
            "currentPhase": "QUEUED",
            "buildStatus": "IN_PROGRESS",
            **{key: value for key, value in optional.items() if value},
            "projectName": name,
            "phases": [
                {
                    "phaseType": "SUBMITTED",
                    "phaseStatus": "SUCCEEDED",
                    "startTime": now,
                    "endTime": now,
                    "durationInSeconds": 0,
                },
                {"phaseType": "QUEUED", "startTime": now},
            ],
            "source": effective["source"],
            "secondarySources": effective.get("secondarySources", []),
            "artifacts": {"location": ""},
            "cache": effective["cache"],
            "environment": effective["environment"],
            "serviceRole": effective["serviceRole"],
            "logs": _logs(effective, build_id),
            "timeoutInMinutes": effective["timeoutInMinutes"],
            "queuedTimeoutInMinutes": effective["queuedTimeoutInMinutes"],
            "buildComplete": False,
            "initiator": f"codepipeline/{given.pipeline}" if given else _caller(),
            "encryptionKey": effective["encryptionKey"],
        }
        return records.told(records.builds, build_id)

    def _order(self, build: Body, effective: Body, request: Body, given: Handover | None) -> Order:
        name = effective["name"]
        return Order(
            build=build["id"],
            project_variables=effective["environment"].get("environmentVariables", []),
            asked_variables=request.get("environmentVariablesOverride", []),
            artifacts=effective["artifacts"],
            secondary_artifacts=effective.get("secondaryArtifacts", []),
            cache_name=f"{name}-{records.generations.get(name, 0)}",
            seconds=effective["timeoutInMinutes"] * work.MINUTE_SECONDS,
            handover=given,
        )

    def stop(self, request: Body) -> Body:
        """StopBuild."""
        build = _key(request["id"])
        records.found(records.builds, build, "build")
        self._work.stop(build)
        return {"build": records.told(records.builds, build)}

    def retry(self, request: Body) -> Body:
        """RetryBuild: the same request again. Not of a pipeline's build, whose artifacts are its action's."""
        build = records.found(records.builds, _key(request["id"]), "build")
        asked = self._asked.get(build["id"])
        if asked is None or build["initiator"].startswith("codepipeline/"):
            raise Refusal("InvalidInputException", f"{build['id']} cannot be tried again: start a new build")
        more = {"idempotencyToken": request["idempotencyToken"]} if "idempotencyToken" in request else {}
        without = {key: value for key, value in asked.items() if key != "idempotencyToken"}
        return self.start(without | more)

    def get(self, request: Body) -> Body:
        """BatchGetBuilds."""
        keys = {asked: _key(asked) for asked in request["ids"]}
        known = [asked for asked, key in keys.items() if key in records.builds]
        return {
            "builds": [records.told(records.builds, keys[asked]) for asked in known],
            "buildsNotFound": [asked for asked in keys if asked not in known],
        }

    def delete(self, request: Body) -> Body:
        """BatchDeleteBuilds; not of those that are under way."""
        gone, kept = [], []
        with records.lock:
            for asked in request["ids"]:
                record = records.builds.get(_key(asked))
                if record is not None and record["buildComplete"]:
                    gone.append(record["arn"])
                    records.builds.pop(_key(asked))
                elif record is not None:
                    kept.append({"id": record["id"], "statusCode": "BUILD_IN_PROGRESS"})
        return {"buildsDeleted": gone, "buildsNotDeleted": kept}

    def list_all(self, request: Body) -> Body:
        """ListBuilds, and ListBuildsForProject."""
        project = request.get("projectName")
        if project is not None:
            records.found(records.projects, project, "project")
        with records.lock:
            found = [each for each in records.builds.values() if project in (None, each["projectName"])]
            ids = [each["id"] for each in sorted(found, key=lambda each: each["startTime"])]
        return page({"sortOrder": "DESCENDING"} | request, "ids", ids)

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "StartBuild": self.start,
            "StopBuild": self.stop,
            "RetryBuild": self.retry,
            "BatchGetBuilds": self.get,
            "BatchDeleteBuilds": self.delete,
            "ListBuilds": self.list_all,
            "ListBuildsForProject": self.list_all,
        }


def _key(said: str) -> str:
    """A build's id, from that or its ARN."""
    return said.partition(":build/")[2] or said


def _effective(project: Body, request: Body) -> Body:
    """The project's settings with what the request says otherwise."""
    said: dict[str, Any] = dict(project)
    said |= {key: request[f"{key}Override"] for key in _PLAIN if f"{key}Override" in request}
    for part, names in (("source", _SOURCE), ("environment", _ENVIRONMENT)):
        said[part] = project[part] | {names[key]: request[key] for key in names if key in request}
    if said["source"]["type"] == "S3" and not said["source"].get("location"):
        raise Refusal("InvalidInputException", "the source's location is missing")
    if said["source"]["type"] == "NO_SOURCE" and "\n" not in said["source"].get("buildspec", ""):
        raise Refusal("InvalidInputException", "without a source the buildspec has to be given as text")
    said["encryptionKey"] = records.key_arn(said["encryptionKey"])
    return said


def _check_pipeline(effective: Body, given: Handover | None) -> None:
    kinds = {effective["source"]["type"], effective["artifacts"]["type"]}
    if "CODEPIPELINE" in kinds and given is None:
        words = f"{effective['name']} gets its source or artifacts from a pipeline, which has to start it"
        raise Refusal("InvalidInputException", words)
    if "CODEPIPELINE" not in kinds and given is not None:
        words = f"{effective['name']} is not for pipelines: its source and artifacts are not of CODEPIPELINE"
        raise Refusal("InvalidInputException", words)


def _logs(effective: Body, build_id: str) -> Body:
    config = effective.get("logsConfig", {}).get("cloudWatchLogs", {"status": "ENABLED"})
    if config["status"] != "ENABLED":
        return {"cloudWatchLogs": config}
    name, _, number = build_id.partition(":")
    group = config.get("groupName") or f"/aws/codebuild/{name}"
    stream = "/".join(part for part in (config.get("streamName"), number) if part)
    arn = records.arn("").replace(":codebuild:", ":logs:")
    return {
        "groupName": group,
        "streamName": stream,
        "cloudWatchLogsArn": f"{arn}log-group:{group}:log-stream:{stream}",
        "cloudWatchLogs": config,
    }


def _caller() -> str:
    """Who started a build: ``USER``, or ``ROLE/SESSION``."""
    return iam_evaluator.caller_arn().rpartition(":")[2].partition("/")[2] or "root"
