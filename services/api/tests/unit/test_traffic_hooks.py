"""What the hooks ask of new versions, with the functions themselves as new versions; and how a hook ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from tests.unit.calls import Context
from tests.unit.cloud import Cloud, aws, rows

from deploy import templates
from wotr_api import before_traffic
from wotr_api.before_traffic import CHECKS, Look, check
from wotr_common.items import workout_from_item
from wotr_common.messages import AcceptedWorkout
from wotr_common.traffic import SANDBOX_USER, Shift, Unfit
from wotr_common.workout import Workout

SHIFT = Shift(
    "d-ABC",
    "wotr-api-dev-AcceptFunction-1X2Y",
    "live",
    "3",
    "4",
    "CodeDeployDefault.LambdaCanary10Percent10Minutes",
    datetime.now(UTC) - timedelta(minutes=10),
)
ROOT = Path(__file__).resolve().parents[4]
MODULES = {
    "AcceptFunction": "accept",
    "QueryFunction": "query",
    "ChangeFunction": "change",
    "ExportFunction": "export",
    "StatsFunction": "stats",
    "SecretsFunction": "secrets",  # pragma: allowlist secret - the name of a module
    "HealthFunction": "health",
}


def version(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """The function as a version of it answers."""
    handler = import_module(f"wotr_api.handlers.{MODULES[name]}").handler
    return lambda event: json.loads(json.dumps(handler(json.loads(json.dumps(event)), Context())))


def write(cloud: Cloud, **otherwise: Any) -> None:
    """Store what waits in the queue, as the writer does, or `otherwise`."""
    for message in cloud.messages():
        accepted = AcceptedWorkout.model_validate(message)
        fields = accepted.workout.model_dump() | otherwise
        cloud.store(
            Workout(
                **fields,
                user_id=accepted.user_id,
                workout_id="20000101T000000000Z",
                created_at=accepted.accepted_at,
            )
        )


def stored(shift: Shift) -> Workout | None:
    found = rows("Workouts").scan()["Items"]
    return workout_from_item(found[0]) if found else None


@pytest.mark.parametrize("name", sorted(set(CHECKS) - {"AcceptFunction"}))
def test_each_function_passes_its_own_check(cloud: Cloud, name: str) -> None:
    cloud.workers.answers(404, {"type": "about:blank", "title": "Not found", "status": 404})
    for secret in ("page-tokens",):
        aws("ssm").put_parameter(Name=f"/wotr/dev/secrets/{secret}", Value=secret, Type="String")
    assert check(name, Look(SHIFT, version(name), stored))


def test_what_accept_takes_is_looked_for_behind_the_queue(cloud: Cloud) -> None:
    def stored_after_writing(shift: Shift) -> Workout | None:
        write(cloud)
        return stored(shift)

    said = check("AcceptFunction", Look(SHIFT, version("AcceptFunction"), stored_after_writing))
    assert "stored as it was sent" in said
    found = stored(SHIFT)
    assert found is not None
    assert (found.user_id, found.started_at) == (SANDBOX_USER, SHIFT.sandbox_start())


def test_a_workout_that_is_stored_otherwise_fails_the_version(cloud: Cloud) -> None:
    def stored_otherwise(shift: Shift) -> Workout | None:
        write(cloud, distance_m=5)
        return stored(shift)

    with pytest.raises(Unfit, match="another distanceM"):
        check("AcceptFunction", Look(SHIFT, version("AcceptFunction"), stored_otherwise))


def test_a_workout_that_is_never_stored_fails_the_version(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_traffic, "_WRITTEN_WITHIN_SECONDS", 0)
    with pytest.raises(Unfit, match="was not stored"):
        check("AcceptFunction", Look(SHIFT, version("AcceptFunction"), stored))


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 500, "body": "{}"},
        {"statusCode": 200},
        {"statusCode": 200, "body": "<html>"},
        {"statusCode": 200, "body": '{"status": "unwell"}'},
        None,
        "Mock response - no code deployed",
    ],
)
def test_a_version_that_answers_anything_else_is_refused(name: str, answer: Any) -> None:
    with pytest.raises(Unfit):
        check(name, Look(SHIFT, lambda _: answer, lambda _: None))


def test_a_function_that_nobody_has_a_check_for_is_refused_by_name() -> None:
    with pytest.raises(Unfit, match="NewFunction"):
        check("NewFunction", Look(SHIFT, lambda _: {}, lambda _: None))


# The hooks as CodeDeploy calls them


class Wire:
    """What CodeDeploy and Lambda answer a client: moto knows no deployments of functions."""

    def __init__(self, shift: Shift, call: Callable[[Mapping[str, Any]], Any]) -> None:
        self.shift = shift
        self.call = call
        self.told: list[str] = []
        assert boto3.DEFAULT_SESSION is not None
        hooks: Any = boto3.DEFAULT_SESSION.events
        hooks.register("before-call.codedeploy.GetDeployment", self.deployment)
        hooks.register("before-call.codedeploy.PutLifecycleEventHookExecutionStatus", self.status)
        hooks.register("before-call.lambda.Invoke", self.invoke)

    def deployment(self, **_: Any) -> Any:
        properties = {
            "Name": self.shift.function,
            "Alias": "live",
            "CurrentVersion": "3",
            "TargetVersion": "4",
        }
        content = {"Resources": [{"f": {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
        info = {
            "revision": {"revisionType": "String", "string": {"content": json.dumps(content)}},
            "deploymentConfigName": self.shift.config,
            "createTime": self.shift.began,
        }
        return ANSWERED, {"deploymentInfo": info}

    def status(self, params: dict[str, Any], **_: Any) -> Any:
        self.told.append(json.loads(params["body"])["status"])
        return ANSWERED, {}

    def invoke(self, params: dict[str, Any], **_: Any) -> Any:
        assert unquote(params["url_path"]).endswith(":4/invocations")
        return ANSWERED, {"Payload": BytesIO(json.dumps(self.call(json.loads(params["body"]))).encode())}


NO_HEADERS: Any = {}
ANSWERED = AWSResponse("https://aws", 200, NO_HEADERS, None)
EVENT = {"DeploymentId": "d-ABC", "LifecycleEventHookExecutionId": "hook-1"}


@pytest.mark.parametrize(("status", "told"), [(200, "Succeeded"), (502, "Failed")])
def test_before_traffic_codedeploy_is_told_what_the_new_version_answered(
    cloud: Cloud, status: int, told: str
) -> None:
    healthy = replace(SHIFT, function="wotr-api-dev-HealthFunction-1X2Y")
    wire = Wire(healthy, lambda _: {"statusCode": status, "body": '{"status": "ok"}'})
    import_module("wotr_api.handlers.pre_traffic").handler(EVENT, Context())
    assert wire.told == [told]


def test_before_traffic_the_table_is_looked_into(cloud: Cloud) -> None:
    hook = import_module("wotr_api.handlers.pre_traffic")
    Wire(SHIFT, version("AcceptFunction"))
    assert hook.stored(SHIFT) is None
    version("AcceptFunction")(
        before_traffic.request(
            SHIFT, "POST", "/workouts", body={"userId": SANDBOX_USER, **hook.traffic.sandbox_workout(SHIFT)}
        )
    )
    write(cloud)
    assert hook.stored(SHIFT) == stored(SHIFT)


@pytest.mark.parametrize(
    ("function", "calls", "errors", "seen"),
    [
        ("AcceptFunction", 5, 0, "Succeeded: 5 calls"),
        ("AcceptFunction", 4, 0, "Failed: 4 calls in the canary, 0 failed: 5 are needed"),
        ("AcceptFunction", 50, 5, "Failed: 50 calls in the canary, 5 failed: more than 1.0%"),
        ("ExportFunction", 0, 0, "Succeeded: 0 calls"),
    ],
)
def test_after_traffic_codedeploy_is_told_what_the_canarys_calls_came_to(
    cloud: Cloud, function: str, calls: int, errors: int, seen: str
) -> None:
    shift = replace(SHIFT, function=f"wotr-api-dev-{function}-1X2Y")
    wire = Wire(shift, lambda _: None)
    dimensions = [
        {"Name": "FunctionName", "Value": shift.function},
        {"Name": "Resource", "Value": f"{shift.function}:live"},
        {"Name": "ExecutedVersion", "Value": "4"},
    ]
    data = [
        {
            "MetricName": name,
            "Value": value,
            "Timestamp": shift.began + timedelta(minutes=5),
            "Dimensions": dimensions,
        }
        for name, value in (("Invocations", calls), ("Errors", errors))
        if calls
    ]
    if data:
        aws("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=data)
    answer = import_module("wotr_api.handlers.post_traffic").handler(EVENT, Context())
    assert f"{wire.told[0]}: {answer['seen']}".startswith(seen)
    assert len(wire.told) == 1


def test_every_function_that_callers_move_to_has_its_check() -> None:
    template = templates.load(ROOT / "services" / "api" / "template.yml", ROOT)
    functions = {
        name
        for name, resource in template.resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
        and resource["Properties"].get("DeploymentPreference", {}).get("Enabled", True)
    }
    assert set(CHECKS) == functions == set(MODULES)
