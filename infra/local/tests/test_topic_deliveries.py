"""Gap: a topic logs its deliveries to queues and keeps those that it cannot make."""

from __future__ import annotations

import json
from typing import Any

from stack import Client, Deploy, allow

SNS_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def deployed(stack: Deploy, *grants: dict[str, Any]) -> Any:
    """A topic that logs as a role with `grants`, and two queues that it delivers to: one lets it."""
    logs_as = {"Fn::GetAtt": ["Role", "Arn"]}
    dead = {"Fn::GetAtt": ["Dead", "Arn"]}
    policies = [{"PolicyName": "may", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(grants)}}]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": "Topic"}}},
    }
    resources: dict[str, Any] = {name: {"Type": "AWS::SQS::Queue"} for name in ("Open", "Closed", "Dead")}
    for name in ("Open", "Closed"):
        resources[f"To{name}"] = {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": [name, "Arn"]},
                "RawMessageDelivery": True,
                "RedrivePolicy": {"deadLetterTargetArn": dead},
            },
        }
    return stack(
        resources
        | {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": SNS_MAY_ASSUME, "Policies": policies},
            },
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {
                    "DeliveryStatusLogging": [
                        {
                            "Protocol": "sqs",
                            "SuccessFeedbackSampleRate": "100",
                            "SuccessFeedbackRoleArn": logs_as,
                            "FailureFeedbackRoleArn": logs_as,
                        }
                    ]
                },
            },
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Open"}, {"Ref": "Dead"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]},
                },
            },
        }
    )


def group_of(topic: str) -> str:
    _arn, _aws, _sns, region, account, name = topic.split(":")
    return f"sns/{region}/{account}/{name}"


def bodies(client: Client, queue: str) -> list[str]:
    found = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", [])]


def test_each_delivery_is_logged_and_what_fails_is_kept(stack: Deploy, client: Client) -> None:
    may_log = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "*")
    made = deployed(stack, may_log)
    topic = made.ids["Topic"]
    said = client("sns").publish(TopicArn=topic, Message="hello")["MessageId"]

    assert bodies(client, made.ids["Open"]) == ["hello"]
    assert bodies(client, made.ids["Closed"]) == []
    assert bodies(client, made.ids["Dead"]) == ["hello"]
    for group, status, code, queue in (
        (group_of(topic), "SUCCESS", 200, "Open"),
        (f"{group_of(topic)}/Failure", "FAILURE", 400, "Closed"),
    ):
        (event,) = client("logs").filter_log_events(logGroupName=group)["events"]
        line = json.loads(event["message"])
        assert (line["status"], line["delivery"]["statusCode"]) == (status, code)
        assert line["notification"]["messageId"] == said
        assert line["notification"]["topicArn"] == topic
        assert line["delivery"]["destination"].endswith(made.ids[queue].rpartition("/")[2])
        assert json.loads(line["delivery"]["providerResponse"])["sqsRequestId"]


def test_a_role_that_may_not_log_logs_nothing_and_costs_no_delivery(stack: Deploy, client: Client) -> None:
    made = deployed(stack, allow("logs:PutLogEvents", "*"))
    client("sns").publish(TopicArn=made.ids["Topic"], Message="hello")
    assert bodies(client, made.ids["Open"]) == ["hello"]
    groups = client("logs").describe_log_groups(logGroupNamePrefix=group_of(made.ids["Topic"]))["logGroups"]
    assert groups == []
