"""Gap: what a state machine's tasks send arrives whole, and their failures have AWS's names."""

from __future__ import annotations

import json
from typing import Any

from stack import Client, Deploy, Wait, allow, function, role

OF_ADA = {"userId": {"DataType": "String", "StringValue": "ada"}}


def machine(stack: Deploy, definition: dict[str, Any]) -> str:
    """A state machine whose role may do nothing, which MiniStack does not ask for."""
    described = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "Definition": {"QueryLanguage": "JSONata", **definition},
        },
    }
    return stack({"Role": role(), "Machine": described}).ids["Machine"]


def ended(client: Client, wait: Wait, arn: str, given: Any) -> dict[str, Any]:
    """How an execution ended."""
    states = client("stepfunctions")
    execution = states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]

    def outcome() -> dict[str, Any] | None:
        found: dict[str, Any] = states.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    found: dict[str, Any] = wait(outcome)
    return found


def test_a_message_keeps_its_attributes_so_that_filters_find_it(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="workflow-tasks")["TopicArn"]
    queue = sqs.create_queue(QueueName="workflow-tasks")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    delivers = {**allow("sqs:SendMessage", arn), "Principal": {"Service": "sns.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [delivers]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    only_adas = {"FilterPolicy": json.dumps({"userId": ["ada"]})}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=only_adas)
    tell = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {"TopicArn": topic, "Message": "{% $states.input.text %}", "MessageAttributes": OF_ADA},
        "End": True,
    }
    tells = machine(stack, {"StartAt": "Tell", "States": {"Tell": tell}})

    assert ended(client, eventually, tells, {"text": "done"})["status"] == "SUCCEEDED"

    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    told = json.loads(message["Body"])
    assert told["Message"] == "done"
    assert told["MessageAttributes"] == {"userId": {"Type": "String", "Value": "ada"}}


def test_a_throttled_call_can_be_caught_by_its_name(stack: Deploy, client: Client, eventually: Wait) -> None:
    code = "def handler(event, context): return event"
    name = stack({"Role": role(), "Echo": function(code)}).ids["Echo"]
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": "{% $states.input %}"},
        "Catch": [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "Next": "Caught"}],
        "End": True,
    }
    arn = machine(stack, {"StartAt": "Call", "States": {"Call": call, "Caught": {"Type": "Succeed"}}})

    assert ended(client, eventually, arn, {})["status"] == "SUCCEEDED"

    client("lambda").delete_function_concurrency(FunctionName=name)
    assert json.loads(ended(client, eventually, arn, {"n": 1})["output"])["Payload"] == {"n": 1}
