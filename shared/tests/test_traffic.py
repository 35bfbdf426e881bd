"""Hooks of deployments: what they read of one, ask, count, and tell CodeDeploy whatever happens."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from wotr_common import traffic
from wotr_common.plausibility import EARLIEST
from wotr_common.traffic import Calls, Shift, Unfit
from wotr_common.workout import WorkoutFields

BEGAN = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)
SHIFT = Shift(
    "d-ABC", "wotr-api-dev-AcceptFunction-1X2Y", "live", "3", "4", "CodeDeployDefault.LambdaCanary", BEGAN
)
EVENT = {"DeploymentId": "d-ABC", "LifecycleEventHookExecutionId": "hook-1"}
RESOURCE = {
    "AcceptFunction": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Name": SHIFT.function,
            "Alias": "live",
            "CurrentVersion": "3",
            "TargetVersion": "4",
        },
    }
}
APP_SPEC = json.dumps({"version": 0.0, "Resources": [RESOURCE]})


class CodeDeploy:
    """CodeDeploy with one deployment, at the client's edge: moto's knows no deployment of Lambda."""

    def __init__(self, revision: dict[str, Any] | None, error: Exception | None = None) -> None:
        self.revision = revision
        self.error = error
        self.told: list[tuple[str, str, str]] = []

    def get_deployment(self, *, deploymentId: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        if self.error:
            raise self.error
        info = {
            "deploymentId": deploymentId,
            "revision": self.revision,
            "deploymentConfigName": SHIFT.config,
            "createTime": BEGAN,
        }
        return {"deploymentInfo": info}

    def put_lifecycle_event_hook_execution_status(
        self,
        *,
        deploymentId: str,  # noqa: N803
        lifecycleEventHookExecutionId: str,  # noqa: N803
        status: str,
    ) -> None:
        if self.told:
            error = {"Code": "LifecycleEventAlreadyCompletedException", "Message": "told already"}
            raise ClientError({"Error": error}, "PutLifecycleEventHookExecutionStatus")  # type: ignore[typeddict-item]
        self.told.append((deploymentId, lifecycleEventHookExecutionId, status))


@pytest.mark.parametrize(
    "revision",
    [
        {"revisionType": "AppSpecContent", "appSpecContent": {"content": APP_SPEC}},
        {"revisionType": "String", "string": {"content": APP_SPEC}},
    ],
)
def test_a_deployment_says_what_it_moves_in_either_form(revision: dict[str, Any]) -> None:
    assert traffic.Deployments(CodeDeploy(revision)).shift("d-ABC") == SHIFT


def test_what_was_seen_is_told() -> None:
    codedeploy = CodeDeploy({"appSpecContent": {"content": APP_SPEC}})
    told = traffic.answer(EVENT, traffic.Deployments(codedeploy), lambda shift: f"saw {shift.target}")
    assert told == {"status": "Succeeded", "seen": "saw 4"}
    assert codedeploy.told == [("d-ABC", "hook-1", "Succeeded")]


def test_a_hook_that_runs_again_changes_nothing_of_what_was_told() -> None:
    codedeploy = CodeDeploy({"appSpecContent": {"content": APP_SPEC}})
    for look in (lambda _: "fine", _unfit):
        traffic.answer(EVENT, traffic.Deployments(codedeploy), look)
    assert codedeploy.told == [("d-ABC", "hook-1", "Succeeded")]


def _unfit(_: Shift) -> str:
    raise Unfit("it answers 500")


def _broken(_: Shift) -> str:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("codedeploy", "look", "seen"),
    [
        (CodeDeploy({"appSpecContent": {"content": APP_SPEC}}), _unfit, "it answers 500"),
        (CodeDeploy({"appSpecContent": {"content": APP_SPEC}}), _broken, "broke off: ZeroDivisionError"),
        (CodeDeploy({"appSpecContent": {"content": "version: 0.0"}}), _unfit, "does not say what it moves"),
        (CodeDeploy(None), _unfit, "does not say what it moves"),
        (CodeDeploy(None, error=TimeoutError()), _unfit, "broke off: TimeoutError"),
    ],
)
def test_whatever_happens_the_deployment_is_not_left_waiting(
    codedeploy: CodeDeploy, look: Any, seen: str
) -> None:
    told = traffic.answer(EVENT, traffic.Deployments(codedeploy), look)
    assert told["status"] == "Failed"
    assert seen in told["seen"]
    assert codedeploy.told == [("d-ABC", "hook-1", "Failed")]


def test_a_function_is_known_by_its_name_in_the_template_and_only_in_its_own_stack() -> None:
    assert SHIFT.logical_id("wotr-api-dev") == "AcceptFunction"
    with pytest.raises(Unfit, match="no function of wotr-workers-dev"):
        SHIFT.logical_id("wotr-workers-dev")


class Lambda:
    """Lambda at the client's edge, where moto would want Docker: answers one payload."""

    def __init__(self, payload: bytes, **answer: str) -> None:
        self.payload = payload
        self.answer = answer
        self.asked: dict[str, Any] = {}

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return {"Payload": io.BytesIO(self.payload), **self.answer}


def test_the_new_version_is_called_past_the_alias() -> None:
    functions: Any = Lambda(b'{"statusCode": 200}')
    assert traffic.Versions(functions).call(SHIFT, {"a": 1}) == {"statusCode": 200}
    assert functions.asked == {"FunctionName": f"{SHIFT.function}:4", "Payload": b'{"a": 1}'}


def test_a_version_that_raises_is_not_for_callers() -> None:
    functions: Any = Lambda(b'{"errorType": "KeyError", "errorMessage": "x"}', FunctionError="Unhandled")
    with pytest.raises(Unfit, match="raises KeyError: x"):
        traffic.Versions(functions).call(SHIFT, {})


@pytest.mark.parametrize(
    ("calls", "needed", "refused"),
    [
        (Calls(10, 0), 5, None),
        (Calls(1000, 10), 5, None),
        (Calls(0, 0), 0, None),
        (Calls(4, 0), 5, "5 are needed"),
        (Calls(100, 2), 5, "more than 1.0%"),
        (Calls(1, 1), 0, "more than 1.0%"),
    ],
)
def test_a_canary_needs_enough_calls_and_few_failures(calls: Calls, needed: int, refused: str | None) -> None:
    if refused is None:
        said = traffic.measured(SHIFT, calls, needed=needed, tolerated=0.01)
        assert said == f"{calls.made} calls in the canary, {calls.failed} failed"
    else:
        with pytest.raises(Unfit, match=refused):
            traffic.measured(SHIFT, calls, needed=needed, tolerated=0.01)


def test_where_everybody_moves_at_once_nothing_is_measured() -> None:
    at_once = Shift("d", "f", "live", "1", "2", "CodeDeployDefault.LambdaAllAtOnce", BEGAN)
    assert "no canary" in traffic.measured(at_once, Calls(0, 0), needed=5, tolerated=0.01)


def test_calls_are_those_of_this_version_by_this_alias_since_the_deployment_began() -> None:
    with mock_aws():
        cloudwatch = boto3.client("cloudwatch", region_name="eu-central-1")

        def put(name: str, value: float, at: datetime, resource: str = "live", version: str = "4") -> None:
            dimensions = {
                "FunctionName": SHIFT.function,
                "Resource": f"{SHIFT.function}:{resource}",
                "ExecutedVersion": version,
            }
            cloudwatch.put_metric_data(
                Namespace="AWS/Lambda",
                MetricData=[
                    {
                        "MetricName": name,
                        "Value": value,
                        "Timestamp": at,
                        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
                    }
                ],
            )

        put("Invocations", 7, BEGAN + timedelta(seconds=20))
        put("Invocations", 5, BEGAN + timedelta(minutes=5))
        put("Errors", 2, BEGAN + timedelta(minutes=5))
        put("Invocations", 100, BEGAN + timedelta(minutes=5), version="3")
        put("Invocations", 100, BEGAN + timedelta(minutes=5), resource="4")
        put("Invocations", 100, BEGAN - timedelta(minutes=5))
        put("Invocations", 100, BEGAN + timedelta(minutes=20))
        found = traffic.AliasMetrics(cloudwatch).calls(SHIFT, BEGAN + timedelta(minutes=10))
        assert found == Calls(12, 2)


def test_the_synthetic_workout_is_sound_and_of_a_time_that_no_report_is_of() -> None:
    sent = WorkoutFields.model_validate(traffic.sandbox_workout(SHIFT))
    assert EARLIEST <= sent.started_at < EARLIEST + timedelta(days=60)
    other = Shift("d-ABD", "f", "live", "3", "4", "", BEGAN)
    assert other.sandbox_start() != SHIFT.sandbox_start()


def test_what_is_stored_otherwise_is_named() -> None:
    assert traffic.differences({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}) == ""
    assert traffic.differences({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3}) == "b, c"


def test_something_is_waited_for_and_not_for_ever() -> None:
    seen = iter([None, None, "there"])
    assert traffic.eventually(lambda: next(seen), seconds=30, pause=0) == "there"
    assert traffic.eventually(lambda: None, seconds=0, pause=0) is None
