"""What a service says while CodeDeploy moves callers from one version of a function to the next.

Before any caller reaches the new version, a hook calls it with something synthetic and looks at what came of
it; after the last has moved, a hook looks at what the new version's calls came to. Either way CodeDeploy is
told: a deployment that nobody answers waits for an hour.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

from botocore.exceptions import ClientError

from wotr_common.observability import logger
from wotr_common.workout import time_text

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef
    from mypy_boto3_lambda import LambdaClient

SANDBOX_USER = "sandbox-canary"
"""Whose everything synthetic is. Its records are told to nobody, and the lake does not know it."""

_SANDBOX_START = datetime(2000, 1, 1, tzinfo=UTC)
_ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
_LONGEST_REASON = 300
_TOLD_ALREADY = "LifecycleEventAlreadyCompletedException"

Found = TypeVar("Found")


class Unfit(Exception):
    """The new version is not for callers; the text says why."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A deployment: `alias` of `function` goes from version `current` to version `target`."""

    deployment_id: str
    function: str
    alias: str
    current: str
    target: str
    config: str
    began: datetime

    def logical_id(self, stack: str) -> str:
        """What the function is called in its template: CloudFormation names it `<stack>-<id>-<random>`."""
        rest = self.function.removeprefix(f"{stack}-")
        if rest == self.function:
            raise Unfit(f"{self.function} is no function of {stack}")
        return rest.partition("-")[0]

    @property
    def is_canary(self) -> bool:
        """Whether both versions are called for a while."""
        return self.config != _ALL_AT_ONCE

    def sandbox_start(self) -> datetime:
        """When this deployment's synthetic workout began: some moment early in the year 2000.

        No report is of that year, and two deployments hardly mean the same moment.
        """
        return _SANDBOX_START + timedelta(milliseconds=crc32(self.deployment_id.encode()))


@dataclass(frozen=True, slots=True)
class Calls:
    """What came of the calls of one version by one alias."""

    made: int
    failed: int


class Deployments:
    """CodeDeploy, as a hook sees it, by boto3's client."""

    def __init__(self, codedeploy: Any) -> None:
        self._codedeploy = codedeploy

    def shift(self, deployment_id: str) -> Shift:
        """What a deployment moves; Unfit where it says nothing that can be read."""
        found = self._codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
        revision = found.get("revision") or {}
        # CloudFormation makes deployments of the older kind `String`, others are of `AppSpecContent`.
        said = revision.get("appSpecContent") or revision.get("string") or {}
        try:
            (resource,) = json.loads(said["content"])["Resources"]
            ((_, described),) = resource.items()
            properties = described["Properties"]
            return Shift(
                deployment_id=deployment_id,
                function=properties["Name"],
                alias=properties["Alias"],
                current=str(properties["CurrentVersion"]),
                target=str(properties["TargetVersion"]),
                config=found.get("deploymentConfigName", ""),
                began=found.get("startTime") or found["createTime"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unfit(f"deployment {deployment_id} does not say what it moves: {error!r}") from error

    def tell(self, deployment_id: str, execution_id: str, *, fit: bool) -> None:
        """Say how a hook ended; what was said before, or of a deployment that is over by now, stands."""
        try:
            self._codedeploy.put_lifecycle_event_hook_execution_status(
                deploymentId=deployment_id,
                lifecycleEventHookExecutionId=execution_id,
                status="Succeeded" if fit else "Failed",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _TOLD_ALREADY:
                raise
            logger.warning("CodeDeploy does not wait for this any longer")


class Versions:
    """Functions, called past their alias: by the version that no caller has reached yet."""

    def __init__(self, functions: LambdaClient) -> None:
        self._functions = functions

    def call(self, shift: Shift, event: Mapping[str, Any]) -> Any:
        """What the new version answers to `event`; Unfit where it raises."""
        answer = self._functions.invoke(
            FunctionName=f"{shift.function}:{shift.target}", Payload=json.dumps(event).encode()
        )
        said = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            error = said if isinstance(said, dict) else {}
            raise Unfit(f"it raises {error.get('errorType', 'an error')}: {error.get('errorMessage', '')}")
        return said


class AliasMetrics:
    """CloudWatch's numbers of one version behind one alias, which Lambda counts while there are two."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def calls(self, shift: Shift, until: datetime) -> Calls:
        """The calls of the new version from the deployment's beginning on."""
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=[
                _summed("made", "Invocations", shift),
                _summed("failed", "Errors", shift),
            ],
            StartTime=shift.began.replace(second=0, microsecond=0),
            EndTime=until,
        )
        sums = {each["Id"]: int(sum(each["Values"])) for each in answer["MetricDataResults"]}
        return Calls(sums.get("made", 0), sums.get("failed", 0))


def _summed(name: str, metric: str, shift: Shift) -> MetricDataQueryTypeDef:
    dimensions = {
        "FunctionName": shift.function,
        "Resource": f"{shift.function}:{shift.alias}",
        "ExecutedVersion": shift.target,
    }
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }


def answer(
    event: Mapping[str, Any], deployments: Deployments, look: Callable[[Shift], str]
) -> dict[str, Any]:
    """Look at the deployment that `event` is about, and tell CodeDeploy; the answer repeats what was told.

    `look` says in words what it saw, or raises: whatever it raises, the version is not for callers.
    """
    deployment_id, execution_id = str(event["DeploymentId"]), str(event["LifecycleEventHookExecutionId"])
    logger.append_keys(deployment=deployment_id)
    fit = False
    try:
        shift = deployments.shift(deployment_id)
        logger.append_keys(checked=shift.function, version=shift.target)
        said = look(shift)
        fit = True
    except Unfit as error:
        said = str(error)[:_LONGEST_REASON]
        logger.error("the new version is not for callers", reason=said)
    except Exception as error:  # noqa: BLE001 - whatever it is, CodeDeploy is not left waiting
        said = f"the check broke off: {type(error).__name__}"
        logger.exception("the new version could not be checked")
    deployments.tell(deployment_id, execution_id, fit=fit)
    logger.info("told CodeDeploy", fit=fit, seen=said)
    return {"status": "Succeeded" if fit else "Failed", "seen": said}


def measured(shift: Shift, calls: Calls, *, needed: int, tolerated: float) -> str:
    """What the canary's calls came to, in words; Unfit where there were too few, or too many failed.

    `tolerated` is a share of them. Where everybody moved at once nobody counted, and nothing is asked.
    """
    if not shift.is_canary:
        return "everybody moved at once: there was no canary to measure"
    said = f"{calls.made} calls in the canary, {calls.failed} failed"
    if calls.made < needed:
        raise Unfit(f"{said}: {needed} are needed to tell whether the version is sound")
    if calls.failed > tolerated * calls.made:
        raise Unfit(f"{said}: more than {tolerated:.1%}")
    return said


def eventually(find: Callable[[], Found | None], seconds: float, pause: float = 0.2) -> Found | None:
    """What `find` finds within `seconds`, None where it finds nothing."""
    end = time.monotonic() + seconds
    while (found := find()) is None and time.monotonic() < end:
        time.sleep(pause)
    return found


def sandbox_workout(shift: Shift) -> dict[str, Any]:
    """The synthetic workout of a deployment, as a machine sends it: one that nothing is odd about."""
    return {
        "type": "run",
        "startedAt": time_text(shift.sandbox_start()),
        "durationMin": 30,
        "distanceM": 5000,
        "caloriesBurned": 300,
        "avgHeartRate": 140,
        "intensity": "low",
    }


def differences(sent: Mapping[str, Any], stored: Mapping[str, Any]) -> str:
    """Which fields of what was `sent` are stored otherwise, "" where all are as they were said."""
    return ", ".join(name for name in sent if stored.get(name) != sent[name])
