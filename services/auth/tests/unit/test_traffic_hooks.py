"""What the hooks ask of new triggers, with the triggers themselves as new versions; and how a hook ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from tests.unit.test_handlers import RULES, Context

from deploy import templates
from tests.unit.conftest import Load
from wotr_auth import clients
from wotr_auth.before_traffic import CHECKS, check, event
from wotr_common.messages import Command
from wotr_common.traffic import SANDBOX_USER, Unfit

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).resolve().parents[4]
MODULES = {
    "PreSignUpFunction": "pre_sign_up",
    "PostConfirmationFunction": "post_confirmation",
    "PreTokenGenerationFunction": "pre_token_generation",
}
FUNCTION = "wotr-auth-dev-PreSignUpFunction-1X2Y"
BEGAN = datetime.now(UTC) - timedelta(minutes=10)
EVENT = {"DeploymentId": "d-ABC", "LifecycleEventHookExecutionId": "hook-1"}
NO_HEADERS: Any = {}
ANSWERED = AWSResponse("https://aws", 200, NO_HEADERS, None)


@pytest.mark.parametrize("name", CHECKS)
def test_each_trigger_passes_its_own_check(load: Load, sqs: SQSClient, queue_url: str, name: str) -> None:
    trigger = load(MODULES[name], **RULES, ENROLMENT_QUEUE_URL=queue_url)
    assert check(name, lambda asked: trigger.handler(json.loads(json.dumps(asked)), Context()))
    asked = sqs.receive_message(QueueUrl=queue_url).get("Messages", [])
    enrolled = [Command.model_validate_json(each["Body"]).user_id for each in asked]
    assert enrolled == ([SANDBOX_USER] if name == "PostConfirmationFunction" else [])


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"response": {"claimsAndScopeOverrideDetails": None}},
        {"response": {"claimsAndScopeOverrideDetails": {"groupOverrideDetails": {}}}},
        event("TokenGeneration_Authentication"),
        None,
        "Mock response - no code deployed",
    ],
)
def test_a_trigger_that_answers_anything_else_is_refused(name: str, answer: Any) -> None:
    with pytest.raises(Unfit):
        check(name, lambda _: answer)


def test_a_trigger_that_makes_admins_is_refused(load: Load) -> None:
    trigger = load("pre_token_generation")

    def generous(asked: Mapping[str, Any]) -> Any:
        said = trigger.handler(json.loads(json.dumps(asked)), Context())
        said["response"]["claimsAndScopeOverrideDetails"]["groupOverrideDetails"] = {
            "groupsToOverride": ["admin", "athlete"]
        }
        return said

    with pytest.raises(Unfit, match="admin"):
        check("PreTokenGenerationFunction", generous)


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


@pytest.mark.parametrize(("changed", "told"), [({}, "Succeeded"), ({"userName": "eve"}, "Failed")])
def test_before_traffic_codedeploy_hears_what_the_new_version_answered(
    load: Load, sqs: SQSClient, changed: dict[str, str], told: str
) -> None:
    handler = load("pre_traffic", STACK_NAME="wotr-auth-dev").handler
    wire = Wire(lambda asked: {**asked, **changed})
    handler(EVENT, Context())
    assert wire.told == [told]


@pytest.mark.parametrize(("failed", "told"), [(0, "Succeeded"), (3, "Failed")])
def test_after_traffic_codedeploy_hears_what_the_canarys_calls_came_to(
    load: Load, sqs: SQSClient, failed: int, told: str
) -> None:
    hook = load("post_traffic", STACK_NAME="wotr-auth-dev", TOLERATED_ERROR_RATIO="0.01")
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
    assert f"20 calls in the canary, {failed} failed" in hook.handler(EVENT, Context())["seen"]
    assert wire.told == [told]


def test_every_function_that_callers_move_to_has_its_check() -> None:
    template = templates.load(ROOT / "services" / "auth" / "template.yml", ROOT)
    functions = {
        name
        for name, resource in template.resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
        and resource["Properties"].get("DeploymentPreference", {}).get("Enabled", True)
    }
    assert set(CHECKS) == functions == set(MODULES)
