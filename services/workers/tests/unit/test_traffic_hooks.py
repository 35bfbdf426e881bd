"""What the hooks ask of new versions, with the functions themselves as new versions; and how a hook ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from tests.unit.cloud import TABLE
from tests.unit.test_handlers import Context, Load, load

from deploy import templates
from wotr_common.items import workout_from_item
from wotr_common.traffic import SANDBOX_USER, Shift, Unfit, sandbox_workout
from wotr_common.workout import Workout
from wotr_workers import clients
from wotr_workers.before_traffic import CHECKS, Look, check
from wotr_workers.store import plain

__all__ = ["load"]

SHIFT = Shift(
    "d-ABC",
    "wotr-workers-dev-WriteFunction-1X2Y",
    "live",
    "3",
    "4",
    "CodeDeployDefault.LambdaCanary10Percent10Minutes",
    datetime.now(UTC) - timedelta(minutes=10),
)
ROOT = Path(__file__).resolve().parents[4]
MODULES = {
    "WriteFunction": "write",
    "CommandFunction": "command",
    "ImportCsvFunction": "import_csv",
    "PublishFunction": "publish",
    "RecordsFunction": "records",
    "PrLogFunction": "pr_log",
    "EnrolFunction": "enrol",
    "StartWorkflowFunction": "start_workflow",
    "ValidateSessionFunction": "validate_session",
    "SetLoadFunction": "set_load",
    "SessionLoadFunction": "session_load",
    "ReencryptFunction": "reencrypt",
}


def version(load: Load, name: str) -> Callable[[Mapping[str, Any]], Any]:
    """The function as a version of it answers."""
    handler = load(MODULES[name]).handler
    return lambda event: json.loads(json.dumps(handler(json.loads(json.dumps(event)), Context())))


def stored(shift: Shift) -> Workout | None:
    found = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return workout_from_item(plain(found[0])) if found else None


@pytest.mark.parametrize("name", CHECKS)
def test_each_function_passes_its_own_check_and_only_write_stores_something(load: Load, name: str) -> None:
    assert check(name, Look(SHIFT, version(load, name), stored))
    found = stored(SHIFT)
    assert (found is not None) == (name == "WriteFunction")
    if found:
        assert (found.user_id, found.started_at) == (SANDBOX_USER, SHIFT.sandbox_start())


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": "d-ABC"}]},
        {"status": 500},
        {"current": True},
        {"volumeKg": 5},
        {"users": 7},
        None,
        "Mock response - no code deployed",
    ],
)
def test_a_version_that_answers_anything_else_is_refused(name: str, answer: Any) -> None:
    with pytest.raises(Unfit):
        check(name, Look(SHIFT, lambda _: answer, lambda _: None))


def test_a_writer_that_says_done_and_stores_nothing_or_something_else_is_refused(load: Load) -> None:
    with pytest.raises(Unfit, match="was not stored"):
        check("WriteFunction", Look(SHIFT, lambda _: {"batchItemFailures": []}, stored))

    def stored_otherwise(shift: Shift) -> Workout | None:
        found = stored(shift)
        return found and found.model_copy(update={"type": "ride"})

    with pytest.raises(Unfit, match="another type"):
        check("WriteFunction", Look(SHIFT, version(load, "WriteFunction"), stored_otherwise))


def test_a_function_that_nobody_has_a_check_for_is_refused_by_name() -> None:
    with pytest.raises(Unfit, match="NewFunction"):
        check("NewFunction", Look(SHIFT, lambda _: {}, lambda _: None))


# The hooks as CodeDeploy calls them

EVENT = {"DeploymentId": "d-ABC", "LifecycleEventHookExecutionId": "hook-1"}
NO_HEADERS: Any = {}
ANSWERED = AWSResponse("https://aws", 200, NO_HEADERS, None)


class Wire:
    """What CodeDeploy and Lambda answer a client: moto knows no deployments of functions."""

    def __init__(self, call: Callable[[Mapping[str, Any]], Any]) -> None:
        self.call = call
        self.told: list[str] = []
        properties = {
            "Name": SHIFT.function,
            "Alias": "live",
            "CurrentVersion": "3",
            "TargetVersion": "4",
        }
        content = {"Resources": [{"f": {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
        self.info = {
            "revision": {"revisionType": "String", "string": {"content": json.dumps(content)}},
            "deploymentConfigName": SHIFT.config,
            "createTime": SHIFT.began,
        }
        codedeploy, functions = clients.codedeploy().meta.events, clients.functions().meta.events
        codedeploy.register("before-call.codedeploy.GetDeployment", self.deployment)
        codedeploy.register("before-call.codedeploy.PutLifecycleEventHookExecutionStatus", self.status)
        functions.register("before-call.lambda.Invoke", self.invoke)

    def deployment(self, **_: Any) -> Any:
        return ANSWERED, {"deploymentInfo": self.info}

    def status(self, params: dict[str, Any], **_: Any) -> Any:
        self.told.append(json.loads(params["body"])["status"])
        return ANSWERED, {}

    def invoke(self, params: dict[str, Any], **_: Any) -> Any:
        assert unquote(params["url_path"]).endswith(":4/invocations")
        return ANSWERED, {"Payload": BytesIO(json.dumps(self.call(json.loads(params["body"]))).encode())}


HOOK = {"STACK_NAME": "wotr-workers-dev", "TOLERATED_ERROR_RATIO": "0.01"}


@pytest.fixture
def hook(load: Load, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Imports a hook afresh, in an environment like its template's."""
    for name, value in HOOK.items():
        monkeypatch.setenv(name, value)
    return load


def test_before_traffic_codedeploy_hears_that_the_new_writer_writes(load: Load, hook: Load) -> None:
    handler = hook("pre_traffic").handler
    wire = Wire(version(load, "WriteFunction"))
    assert "as it was sent" in handler(EVENT, Context())["seen"]
    assert wire.told == ["Succeeded"]


def test_before_traffic_codedeploy_hears_of_a_writer_that_loses_workouts(hook: Load) -> None:
    handler = hook("pre_traffic").handler
    wire = Wire(lambda _: {"batchItemFailures": []})
    assert handler(EVENT, Context())["seen"] == "what it took was not stored"
    assert wire.told == ["Failed"]


@pytest.mark.parametrize(("failed", "told"), [(0, "Succeeded"), (3, "Failed")])
def test_after_traffic_codedeploy_hears_what_the_canarys_work_came_to(
    hook: Load, failed: int, told: str
) -> None:
    handler = hook("post_traffic").handler
    wire = Wire(lambda _: None)
    dimensions = {
        "FunctionName": SHIFT.function,
        "Resource": f"{SHIFT.function}:live",
        "ExecutedVersion": "4",
    }
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": name,
                "Value": value,
                "Timestamp": SHIFT.began + timedelta(minutes=5),
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
            }
            for name, value in (("Invocations", 20), ("Errors", failed))
        ],
    )
    assert f"20 calls in the canary, {failed} failed" in handler(EVENT, Context())["seen"]
    assert wire.told == [told]


def test_two_deployments_of_one_function_write_two_workouts(load: Load) -> None:
    for deployment in ("d-1", "d-2"):
        shift = replace(SHIFT, deployment_id=deployment)
        check("WriteFunction", Look(shift, version(load, "WriteFunction"), workout))
    assert len(boto3.client("dynamodb").scan(TableName=TABLE)["Items"]) == 2


def workout(shift: Shift) -> Workout | None:
    """The stored workout of a deployment."""
    items = [plain(item) for item in boto3.client("dynamodb").scan(TableName=TABLE)["Items"]]
    start = sandbox_workout(shift)["startedAt"]
    return next((workout_from_item(item) for item in items if item["startedAt"] == start), None)


def test_every_function_that_callers_move_to_has_its_check() -> None:
    template = templates.load(ROOT / "services" / "workers" / "template.yml", ROOT)
    functions = {
        name
        for name, resource in template.resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
        and resource["Properties"].get("DeploymentPreference", {}).get("Enabled", True)
    }
    assert set(CHECKS) == functions == set(MODULES)
