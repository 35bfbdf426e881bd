"""What the session workflow promises on AWS: its definition, and what its role and trigger are held to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.test_template import TEMPLATE, allowed, of_type

from wotr_common.session import MOST_SETS
from wotr_workers.workflow.inputs import BadInput
from wotr_workers.workflow.retrying import TryAgain

MACHINE = of_type("AWS::StepFunctions::StateMachine")["SessionWorkflow"]
DEFINITION = MACHINE["Definition"]
KEY = {"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-KeyArn"}}
KEPT = [
    {
        "ErrorEquals": ["States.ALL"],
        "Output": {"error": "{% $states.errorOutput.Error %}", "cause": "{% $states.errorOutput.Cause %}"},
        "Next": "KeepFailure",
    }
]
LAMBDA_FAILS = {
    f"Lambda.{each}"
    for each in (
        "AWSLambdaException",
        "ClientExecutionTimeoutException",
        "SdkClientException",
        "ServiceException",
        "TooManyRequestsException",
        "Unknown",
    )
}


def states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state, those within a Map included."""
    for name, state in definition["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def tasks() -> dict[str, dict[str, Any]]:
    return {name: state for name, state in states(DEFINITION) if state["Type"] == "Task"}


def test_every_task_is_tried_again_with_backoff_and_jitter_and_ends_in_time() -> None:
    for name, task in tasks().items():
        (retry,) = task["Retry"]
        assert retry["JitterStrategy"] == "FULL", name
        assert retry["BackoffRate"] > 1, name
        assert 0 < retry["IntervalSeconds"] < retry["MaxDelaySeconds"], name
        assert 0 < task["TimeoutSeconds"] < DEFINITION["TimeoutSeconds"], name


def test_a_function_is_tried_again_for_what_may_pass_and_never_for_bad_input() -> None:
    functions = {name: task for name, task in tasks().items() if task["Resource"].endswith("lambda:invoke")}
    assert set(functions) == {"ValidateSession", "SetLoad", "SessionLoad"}
    for task in functions.values():
        errors = set(task["Retry"][0]["ErrorEquals"])
        assert LAMBDA_FAILS | {"Runtime.ExitError", "Sandbox.Timedout", "States.Timeout"} < errors
        assert errors - LAMBDA_FAILS == {
            "Runtime.ExitError",
            "Sandbox.Timedout",
            "States.Timeout",
            TryAgain.__name__,
        }
        assert not {BadInput.__name__, "States.ALL", "States.TaskFailed"} & errors


def test_whatever_fails_is_kept_before_the_execution_ends_as_failed() -> None:
    keeps = {name for name, state in DEFINITION["States"].items() if state.get("Catch") == KEPT}
    works = {name for name, state in DEFINITION["States"].items() if state["Type"] in {"Task", "Map"}}
    assert keeps == works - {"KeepFailure"}
    kept = DEFINITION["States"]["KeepFailure"]
    assert kept["Resource"] == "arn:aws:states:::sqs:sendMessage"
    assert kept["Arguments"]["MessageBody"] == {
        "stateMachineArn": "{% $states.context.StateMachine.Id %}",
        "executionArn": "{% $states.context.Execution.Id %}",
        "input": "{% $states.context.Execution.Input %}",
        "error": "{% $states.input.error %}",
        "cause": "{% $states.input.cause %}",
    }
    assert kept["Next"] == "Failed"
    assert DEFINITION["States"]["Failed"]["Type"] == "Fail"


def test_sets_are_weighed_one_by_one_a_few_at_a_time() -> None:
    each = DEFINITION["States"]["EachSet"]
    assert 0 < each["MaxConcurrency"] <= 40  # more than that an inline Map does not do
    assert each["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    assert set(each["ItemProcessor"]["States"]) == {"SetLoad"}
    # 7 events for each set and 3 for each further try; AWS ends an execution at 25,000.
    retries = tasks()["SetLoad"]["Retry"][0]["MaxAttempts"]
    assert MOST_SETS * (7 + 3 * retries) < 25_000


def test_every_reference_in_the_definition_is_given() -> None:
    text = json.dumps(DEFINITION)
    given = MACHINE["DefinitionSubstitutions"]
    assert all(f"${{{name}}}" in text for name in given)
    assert text.count("${") == len(given)
    called = {name: value for name, value in given.items() if str(value["Ref"]).endswith(".Alias")}
    assert set(called) == {"ValidateSession", "SetLoad", "SessionLoad"}


def test_executions_are_standard_encrypted_traced_and_logged_when_they_fail() -> None:
    assert MACHINE["StateMachineType"] == "STANDARD"  # only there a name starts once
    assert MACHINE["EncryptionConfiguration"]["KmsKeyId"] == KEY
    assert MACHINE["TracingConfiguration"] == {"Enabled": True}
    logging = MACHINE["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", True)
    group = of_type("AWS::Logs::LogGroup")["SessionWorkflowLogGroup"]
    assert group["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/states/")
    assert (group["KmsKeyId"], group["RetentionInDays"]) == (KEY, 30)


def statements(role: str) -> dict[str, dict[str, Any]]:
    (policy,) = of_type("AWS::IAM::Role")[role]["Policies"]
    return {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}


def test_the_workflows_role_calls_its_functions_topic_and_queue_and_nothing_else() -> None:
    said = statements("SessionWorkflowRole")
    assert said["DoEachStep"]["Resource"] == [
        {"Ref": f"{name}Function.Alias"} for name in ("ValidateSession", "SetLoad", "SessionLoad")
    ]
    assert said["TellOfSessions"]["Resource"] == {"Ref": "SessionsTopic"}
    assert said["KeepFailures"]["Resource"] == {"Fn::GetAtt": ["SessionWorkflowDeadLetterQueue", "Arn"]}
    everywhere = {sid for sid, each in said.items() if each["Resource"] == "*"}
    assert everywhere == {"DeliverLogs", "SampleTraces"}
    for service in ("dynamodb", "s3", "states"):
        assert allowed("SessionWorkflowRole", service) == set()
    (trust,) = of_type("AWS::IAM::Role")["SessionWorkflowRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "states.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        (
            "StartWorkflowRole",
            {"states:StartExecution", "sqs:SendMessage", "kms:Decrypt", "kms:GenerateDataKey"}
            | {f"sqs:{each}" for each in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")},
        ),
        ("ValidateSessionRole", {"dynamodb:BatchGetItem", "kms:Decrypt"}),
        ("SetLoadRole", set()),
        ("SessionLoadRole", {"dynamodb:ConditionCheckItem", "dynamodb:PutItem", "kms:Decrypt"}),
    ],
)
def test_a_step_may_do_exactly_its_own(role: str, actions: set[str]) -> None:
    logging = {"logs:CreateLogStream", "logs:PutLogEvents"}
    services = ("dynamodb", "events", "kms", "lambda", "logs", "s3", "sns", "sqs", "ssm", "states")
    assert set().union(*(allowed(role, service) for service in services)) == actions | logging


def test_imported_sessions_start_nothing() -> None:
    rule = of_type("AWS::Events::Rule")["SessionsRule"]
    assert rule["EventPattern"] == {
        "source": ["wotr.workers"],
        "detail-type": ["session.completed", "session.updated"],
        "detail": {"data": {"importId": [{"exists": False}]}},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["SessionEventQueue", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["SessionEventDeadLetterQueue", "Arn"]}}


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_somebody_is_told_of_executions_that_fail(metric: str) -> None:
    about = {"Name": "StateMachineArn", "Value": {"Ref": "SessionWorkflow"}}
    alarms = [
        each for each in of_type("AWS::CloudWatch::Alarm").values() if about in each.get("Dimensions", [])
    ]
    (alarm,) = (each for each in alarms if each.get("MetricName") == metric)
    assert (alarm["Namespace"], alarm["Threshold"]) == ("AWS/States", 0)
    assert alarm["AlarmActions"] == [{"Fn::ImportValue": {"Fn::Sub": "wotr-platform-${Stage}-OpsTopicArn"}}]


def test_the_topic_is_told_what_to_filter_by() -> None:
    attributes = DEFINITION["States"]["Notify"]["Arguments"]["MessageAttributes"]
    assert set(attributes) == {"userId", "type"}
    assert TEMPLATE.body["Parameters"]["SessionsEmail"]["Default"] == ""
