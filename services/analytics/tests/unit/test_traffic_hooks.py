"""What the hooks ask of new versions, with the functions themselves as new versions; and how a hook ends."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from deploy import templates
from wotr_analytics import clients
from wotr_analytics.before_traffic import CHECKS, check
from wotr_common.traffic import Unfit

if TYPE_CHECKING:
    from tests.unit.night_given import Stage

ROOT = Path(__file__).resolve().parents[4]
MODULES = {
    "ProjectFunction": "project",
    "TransformFunction": "transform",
    "CollectFunction": "collect",
    "RebuildFunction": "rebuild",
    "DailySummaryFunction": "daily_summary",
    "CleanUpFunction": "clean_up",
}
FUNCTION = "wotr-analytics-dev-ProjectFunction-1X2Y"
BEGAN = datetime.now(UTC) - timedelta(minutes=10)
EVENT = {"DeploymentId": "d-ABC", "LifecycleEventHookExecutionId": "hook-1"}
NO_HEADERS: Any = {}
ANSWERED = AWSResponse("https://aws", 200, NO_HEADERS, None)


class Context:
    """What is read of Lambda's context."""

    function_name = "f"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:0:function:f"
    aws_request_id = "r"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 300_000


def fresh(name: str) -> ModuleType:
    """A handler, imported anew: its clients belong to the AWS of another test."""
    importlib.reload(clients)
    return importlib.reload(importlib.import_module(f"wotr_analytics.handlers.{name}"))


def version(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """The function as a version of it answers."""
    handler = fresh(MODULES[name]).handler
    return lambda event: json.loads(json.dumps(handler(json.loads(json.dumps(event)), Context())))


@pytest.mark.parametrize("name", CHECKS)
def test_each_function_passes_its_own_check_and_leaves_nothing(stage: Stage, limits: None, name: str) -> None:
    assert check(name, version(name))
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="lake")


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": "d-ABC"}]},
        {"users": 1, "failed": {"sandbox-canary": "busy"}},
        {"users": 0},
        None,
        "Mock response - no code deployed",
    ],
)
def test_a_version_that_answers_anything_else_is_refused(name: str, answer: Any) -> None:
    with pytest.raises(Unfit):
        check(name, lambda _: answer)


def test_a_function_that_nobody_has_a_check_for_is_refused_by_name() -> None:
    with pytest.raises(Unfit, match="NewFunction"):
        check("NewFunction", lambda _: {})


class Wire:
    """What CodeDeploy and Lambda answer a client: moto knows no deployments of functions."""

    def __init__(self, call: Callable[[Mapping[str, Any]], Any]) -> None:
        self.call = call
        self.told: list[str] = []
        codedeploy, functions = clients.codedeploy().meta.events, clients.functions().meta.events
        codedeploy.register("before-call.codedeploy.GetDeployment", self.deployment)
        codedeploy.register("before-call.codedeploy.PutLifecycleEventHookExecutionStatus", self.status)
        functions.register("before-call.lambda.Invoke", self.invoke)

    def deployment(self, **_: Any) -> Any:
        properties = {"Name": FUNCTION, "Alias": "live", "CurrentVersion": "3", "TargetVersion": "4"}
        content = {"Resources": [{"f": {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
        info = {
            "revision": {"revisionType": "String", "string": {"content": json.dumps(content)}},
            "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent10Minutes",
            "createTime": BEGAN,
        }
        return ANSWERED, {"deploymentInfo": info}

    def status(self, params: dict[str, Any], **_: Any) -> Any:
        self.told.append(json.loads(params["body"])["status"])
        return ANSWERED, {}

    def invoke(self, params: dict[str, Any], **_: Any) -> Any:
        assert unquote(params["url_path"]).endswith(":4/invocations")
        return ANSWERED, {"Payload": BytesIO(json.dumps(self.call(json.loads(params["body"]))).encode())}


@pytest.mark.parametrize(
    ("answer", "told"), [({"batchItemFailures": []}, "Succeeded"), ({"errorType": "x"}, "Failed")]
)
def test_before_traffic_codedeploy_hears_what_the_new_version_answered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, answer: Any, told: str
) -> None:
    monkeypatch.setenv("STACK_NAME", "wotr-analytics-dev")
    handler = fresh("pre_traffic").handler
    wire = Wire(lambda _: answer)
    handler(EVENT, Context())
    assert wire.told == [told]


@pytest.mark.parametrize(("failed", "told"), [(0, "Succeeded"), (3, "Failed")])
def test_after_traffic_codedeploy_hears_what_the_canarys_work_came_to(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, failed: int, told: str
) -> None:
    monkeypatch.setenv("STACK_NAME", "wotr-analytics-dev")
    monkeypatch.setenv("TOLERATED_ERROR_RATIO", "0.01")
    handler = fresh("post_traffic").handler
    wire = Wire(lambda _: None)
    dimensions = {"FunctionName": FUNCTION, "Resource": f"{FUNCTION}:live", "ExecutedVersion": "4"}
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": name,
                "Value": value,
                "Timestamp": BEGAN + timedelta(minutes=5),
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
            }
            for name, value in (("Invocations", 20), ("Errors", failed))
        ],
    )
    assert f"20 calls in the canary, {failed} failed" in handler(EVENT, Context())["seen"]
    assert wire.told == [told]


def test_every_function_that_callers_move_to_has_its_check() -> None:
    template = templates.load(ROOT / "services" / "analytics" / "template.yml", ROOT)
    functions = {
        name
        for name, resource in template.resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
        and resource["Properties"].get("DeploymentPreference", {}).get("Enabled", True)
    }
    assert set(CHECKS) == functions == set(MODULES)
