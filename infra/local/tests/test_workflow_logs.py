"""Gap: what happens in a state machine's executions is in its log group."""

from __future__ import annotations

import json
from typing import Any

import pytest
from stack import Client, Deploy, Wait

FAILS = {
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Pass", "Next": "End"},
        "End": {"Type": "Fail", "Error": "Wrong", "Cause": "it is"},
    },
}


def logged(stack: Deploy, client: Client, wait: Wait, level: str, *, data: bool) -> list[dict[str, Any]]:
    """What one execution that fails leaves in the log, of a machine made by CloudFormation."""
    group = {"Fn::GetAtt": ["Group", "Arn"]}
    made = stack(
        {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 1}},
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": "arn:aws:iam::000000000000:role/nobody",
                    "Definition": FAILS,
                    "LoggingConfiguration": {
                        "Level": level,
                        "IncludeExecutionData": data,
                        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}],
                    },
                },
            },
        }
    )
    states = client("stepfunctions")
    execution = states.start_execution(stateMachineArn=made.ids["Machine"])["executionArn"]
    wait(lambda: states.describe_execution(executionArn=execution)["status"] == "FAILED")
    events = client("logs").filter_log_events(logGroupName=made.ids["Group"])["events"]
    lines = [json.loads(event["message"]) for event in events]
    assert {line["execution_arn"] for line in lines} <= {execution}
    return lines


def test_a_failure_is_logged_with_its_error(stack: Deploy, client: Client, eventually: Wait) -> None:
    (line,) = logged(stack, client, eventually, "ERROR", data=True)
    assert (line["type"], line["details"]["error"], line["details"]["cause"]) == (
        "ExecutionFailed",
        "Wrong",
        "it is",
    )


def test_data_is_left_out_where_it_is_not_wanted(stack: Deploy, client: Client, eventually: Wait) -> None:
    (line,) = logged(stack, client, eventually, "FATAL", data=False)
    assert line["details"] == {}


@pytest.mark.parametrize(("level", "kinds"), [("ALL", ["PassStateEntered", "PassStateExited"]), ("OFF", [])])
def test_the_level_says_how_much(
    stack: Deploy, client: Client, eventually: Wait, level: str, kinds: list[str]
) -> None:
    found = [line["type"] for line in logged(stack, client, eventually, level, data=True)]
    assert found[: len(kinds)] == kinds
    assert ("ExecutionFailed" in found) == bool(kinds)
