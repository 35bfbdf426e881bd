"""Gap: an alias splits its invocations between two versions by weight."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from typing import Any

import pytest
from canaries import version
from stack import Client, Deploy, Invoke, Stack, Wait, allow, function, role

from localcloud import LocalCloud

CODE = """
import boto3, json, os
def handler(event, context):
    if isinstance(event, dict) and ("Records" in event or "detail" in event):
        body = json.dumps([context.function_version, context.invoked_function_arn.rpartition(":")[2]])
        boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=body)
    return {"statusCode": 200, "body": context.function_version}
"""
# At half and half the chance that so many are all of one version is two in a million million.
CALLS = 40


def queue() -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue"}


def permission(principal: str) -> dict[str, Any]:
    said = {"FunctionName": {"Ref": "Alias"}, "Action": "lambda:InvokeFunction", "Principal": principal}
    return {"Type": "AWS::Lambda::Permission", "Properties": said}


def api() -> dict[str, Any]:
    integration = {
        "ApiId": {"Ref": "Api"},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Ref": "Alias"},
        "PayloadFormatVersion": "2.0",
    }
    target = {"Fn::Sub": "integrations/${Integration}"}
    body = {
        "openapi": "3.0.1",
        "info": {"title": "split", "version": "1"},
        "paths": {
            "/": {
                "get": {
                    "x-amazon-apigateway-integration": {
                        "type": "aws_proxy",
                        "httpMethod": "POST",
                        "uri": {
                            "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
                            "${Alias}/invocations"
                        },
                    }
                }
            }
        },
    }
    return {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "split", "ProtocolType": "HTTP"}},
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": integration},
        "Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": "GET /", "Target": target},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
        "RestApi": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "split", "Body": body}},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "RestApi"}},
        },
        "RestStage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "RestApi"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "s",
            },
        },
        "MayCall": permission("apigateway.amazonaws.com"),
    }


def sources() -> dict[str, Any]:
    alias = {"Ref": "Alias"}
    machine = {
        "StartAt": "Call",
        "States": {"Call": {"Type": "Task", "Resource": "${Function}", "End": True}},
    }
    return {
        "Source": queue(),
        "Polls": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": alias,
                "EventSourceArn": {"Fn::GetAtt": ["Source", "Arn"]},
                "BatchSize": 1,
            },
        },
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"Subscription": [{"Protocol": "lambda", "Endpoint": alias}]},
        },
        "TopicMay": permission("sns.amazonaws.com"),
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["contract.split"]},
                "Targets": [{"Id": "alias", "Arn": alias}],
            },
        },
        "RuleMay": permission("events.amazonaws.com"),
        "MachineRole": role(
            allow("lambda:InvokeFunction", "*"),
            AssumeRolePolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "states.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
        ),
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]},
                "DefinitionString": json.dumps(machine),
                "DefinitionSubstitutions": {"Function": alias},
            },
        },
    }


@pytest.fixture(scope="module")
def split(stack: Deploy, client: Client) -> Stack:
    """A function whose alias gives half of its invocations to the newer of two versions."""
    seen = {"Variables": {"SEEN": {"Ref": "Seen"}}}
    policy = {"FunctionName": {"Ref": "Split"}, "FunctionVersion": "1", "Name": "live"}
    made = stack(
        {
            "Role": role(
                allow("sqs:SendMessage", {"Fn::GetAtt": ["Seen", "Arn"]}),
                allow(
                    ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                    {"Fn::GetAtt": ["Source", "Arn"]},
                ),
            ),
            "Seen": queue(),
            "Split": function(CODE, Environment=seen),
            **version("Split", 1),
            "Alias": {"Type": "AWS::Lambda::Alias", "DependsOn": "SplitVersion1", "Properties": policy},
            **api(),
            **sources(),
        }
    )
    lambda_ = client("lambda")
    lambda_.update_function_configuration(FunctionName=made.ids["Split"], Description="another")
    assert lambda_.publish_version(FunctionName=made.ids["Split"])["Version"] == "2"
    lambda_.update_alias(
        FunctionName=made.ids["Split"],
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    return made


def test_invoke_draws_and_tells_the_version_that_ran(split: Stack, client: Client, invoke: Invoke) -> None:
    lambda_, ran = client("lambda"), Counter[str]()
    for _ in range(CALLS):
        answer = lambda_.invoke(FunctionName=split.ids["Split"], Qualifier="live")
        assert json.load(answer["Payload"])["body"] == answer["ExecutedVersion"]
        ran[answer["ExecutedVersion"]] += 1
    assert set(ran) == {"1", "2"}
    answer, _ = invoke(split.ids["Split"], Qualifier="1")
    assert answer["body"] == "1"
    # What an alias is configured as stays its first version.
    told = [
        lambda_.get_function_configuration(FunctionName=split.ids["Split"], Qualifier="live")["Version"]
        for _ in range(CALLS)
    ]
    assert set(told) == {"1"}


def test_both_kinds_of_api_draw(split: Stack, cloud: LocalCloud) -> None:
    for api_id, path in ((split.ids["Api"], "/$default/"), (split.ids["RestApi"], "/s/")):
        address = f"{cloud.endpoint}/_aws/execute-api/{api_id}{path}"
        ran = Counter[str]()
        for _ in range(CALLS):
            with urllib.request.urlopen(address) as answer:
                ran[answer.read().decode()] += 1
        assert set(ran) == {"1", "2"}, path


def test_queues_topics_rules_and_workflows_draw(split: Stack, client: Client, eventually: Wait) -> None:
    sqs, seen = client("sqs"), split.ids["Seen"]

    def heard(count: int) -> Counter[tuple[str, str]]:
        found: list[Any] = []

        def more() -> bool:
            messages = sqs.receive_message(QueueUrl=seen, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                found.append(tuple(json.loads(message["Body"])))
                sqs.delete_message(QueueUrl=seen, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        eventually(more, 30)
        return Counter(found)

    both = {("1", "live"), ("2", "live")}
    for number in range(CALLS):
        sqs.send_message(QueueUrl=split.ids["Source"], MessageBody=str(number))
    assert set(heard(CALLS)) == both
    for number in range(CALLS):
        client("sns").publish(TopicArn=split.ids["Topic"], Message=str(number))
    assert set(heard(CALLS)) == both
    for _ in range(CALLS):
        event = {"Source": "contract.split", "DetailType": "said", "Detail": "{}"}
        client("events").put_events(Entries=[event])
    assert set(heard(CALLS)) == both

    states, machine = client("stepfunctions"), split.ids["Machine"]
    started = [states.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(CALLS)]

    def output(execution: str) -> Any:
        return states.describe_execution(executionArn=execution).get("output")

    eventually(lambda: all(output(each) for each in started), 30)
    assert {json.loads(output(each))["body"] for each in started} == {"1", "2"}


def test_an_asynchronous_call_draws(split: Stack, client: Client, eventually: Wait) -> None:
    for _ in range(CALLS):
        client("lambda").invoke(
            FunctionName=split.ids["Split"],
            Qualifier="live",
            InvocationType="Event",
            Payload=json.dumps({"detail": {}}),
        )
    sqs, found = client("sqs"), Counter[str]()

    def more() -> bool:
        for message in sqs.receive_message(QueueUrl=split.ids["Seen"], MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            found[json.loads(message["Body"])[0]] += 1
            sqs.delete_message(QueueUrl=split.ids["Seen"], ReceiptHandle=message["ReceiptHandle"])
        return found.total() >= CALLS

    eventually(more, 30)
    assert set(found) == {"1", "2"}
