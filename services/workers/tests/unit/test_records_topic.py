"""What the template promises of the records topic: who publishes, who hears what, and what is logged."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_template import TEMPLATE, of_type

TOPIC = {"Ref": "RecordsTopic"}


def subscriptions() -> dict[str, dict[str, Any]]:
    found = of_type("AWS::SNS::Subscription")
    return {name: body for name, body in found.items() if body["TopicArn"] == TOPIC}


def test_whatever_other_policies_say_only_the_records_functions_role_publishes() -> None:
    (policy,) = (each for each in of_type("AWS::SNS::TopicPolicy").values() if each["Topics"] == [TOPIC])
    statements = policy["PolicyDocument"]["Statement"]
    assert [each["Effect"] for each in statements] == ["Deny", "Deny"]
    # ArnNotEquals is true where the key is missing, so that AWS's services, who have no role, are denied too.
    assert statements[1] == {
        "Sid": "OnlyRecordsPublishes",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["RecordsRole", "Arn"]}}},
    }
    assert of_type("AWS::Serverless::Function")["RecordsFunction"]["Role"] == {
        "Fn::GetAtt": ["RecordsRole", "Arn"]
    }


def test_mail_and_log_hear_of_the_topic() -> None:
    found = subscriptions()
    assert {body["Protocol"] for body in found.values()} == {"email", "sqs"}
    assert found["RecordsEmailSubscription"]["Endpoint"] == {"Ref": "RecordsEmail"}
    assert found["PrLogSubscription"]["Endpoint"] == {"Fn::GetAtt": ["PrLogQueue", "Arn"]}


@pytest.mark.parametrize(
    ("subscription", "condition", "parameter"),
    [
        ("RecordsEmailSubscription", "HasRecordsEmailTypes", "RecordsEmailTypes"),
        ("PrLogSubscription", "HasRecordLogTypes", "RecordLogTypes"),
    ],
)
def test_a_subscriber_hears_of_the_types_that_a_parameter_names_and_of_all_without(
    subscription: str, condition: str, parameter: str
) -> None:
    # An empty policy and not AWS::NoValue: only that takes an earlier policy away.
    assert subscriptions()[subscription]["FilterPolicy"] == {
        "Fn::If": [condition, {"type": {"Ref": parameter}}, {}]
    }
    assert TEMPLATE.parameters[parameter]["Type"] == "CommaDelimitedList"
    assert TEMPLATE.parameters[parameter]["Default"] == ""
    assert TEMPLATE.body["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": parameter}]}, ""]}]
    }


def test_what_the_topic_cannot_deliver_is_kept_as_it_was_said() -> None:
    subscription = subscriptions()["PrLogSubscription"]
    assert subscription["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["PrLogDeadLetterQueue", "Arn"]}
    }
    assert subscription["RawMessageDelivery"] is True
    queues = [{"Fn::GetAtt": [queue, "Arn"]} for queue in ("PrLogQueue", "PrLogDeadLetterQueue")]
    policy = of_type("AWS::SQS::QueuePolicy")["PrLogQueuesPolicy"]["PolicyDocument"]["Statement"]
    (delivers,) = (each for each in policy if each["Effect"] == "Allow")
    assert (delivers["Principal"], delivers["Resource"]) == ({"Service": "sns.amazonaws.com"}, queues)
    assert delivers["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC}}


def test_every_delivery_to_a_queue_is_logged_for_thirty_days() -> None:
    role = {"Fn::GetAtt": ["RecordsDeliveryRole", "Arn"]}
    assert of_type("AWS::SNS::Topic")["RecordsTopic"]["DeliveryStatusLogging"] == [
        {
            "Protocol": "sqs",
            "SuccessFeedbackSampleRate": "100",
            "SuccessFeedbackRoleArn": role,
            "FailureFeedbackRoleArn": role,
        }
    ]
    # The names are SNS's own ("Prerequisites for delivery status logging", SNS developer guide).
    base = "sns/${AWS::Region}/${AWS::AccountId}/${RecordsTopic.TopicName}"
    groups = of_type("AWS::Logs::LogGroup")
    for name, end in (("RecordsDeliveryLogGroup", ""), ("RecordsDeliveryFailureLogGroup", "/Failure")):
        assert groups[name]["LogGroupName"] == {"Fn::Sub": base + end}
        assert groups[name]["RetentionInDays"] == 30
    waits = TEMPLATE.resources["PrLogSubscription"]["DependsOn"]
    assert {"RecordsDeliveryLogGroup", "RecordsDeliveryFailureLogGroup"} <= set(waits)


def test_the_delivery_log_is_written_by_a_role_that_can_do_nothing_else() -> None:
    role = of_type("AWS::IAM::Role")["RecordsDeliveryRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "sns.amazonaws.com"}
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"]["Fn::Sub"].endswith(
        ":log-group:sns/${AWS::Region}/${AWS::AccountId}/${AWS::StackName}-RecordsTopic-*"
    )
