"""Gap: alarms are evaluated as time goes by, over the metric and dimensions that they name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Stack, StackFailed, Wait

NAMESPACE = "contract-alarms"


def alarm(metric: str, **properties: Any) -> dict[str, Any]:
    said = {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Dimensions": [{"Name": "of", "Value": "this"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": said | properties}


def put(client: Client, metric: str, *values: float, of: str = "this") -> None:
    data = {"MetricName": metric, "Dimensions": [{"Name": "of", "Value": of}], "Values": list(values)}
    client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[data])


def state(client: Client, made: Stack, name: str = "Alarm") -> str:
    (found,) = client("cloudwatch").describe_alarms(AlarmNames=[made.ids[name]])["MetricAlarms"]
    return str(found["StateValue"])


def test_an_alarm_comes_with_its_data_tells_its_topic_and_goes_by_itself(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    made = stack(
        {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Alarm": alarm("Comes", AlarmActions=[{"Ref": "Topic"}], TreatMissingData="notBreaching"),
        }
    )
    eventually(lambda: state(client, made) == "OK")
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName="contract-alarm-told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [allow | {"Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    client("sns").subscribe(TopicArn=made.ids["Topic"], Protocol="sqs", Endpoint=arn)

    put(client, "Comes", 5, of="something else")
    put(client, "Comes", 3)
    told = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    message = json.loads(json.loads(told[0]["Body"])["Message"])
    assert message["NewStateValue"] == "ALARM"
    assert "[3]" in message["NewStateReason"]
    eventually(lambda: state(client, made) == "OK")


def test_an_alarm_hears_of_its_own_dimensions_only(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = stack(
        {
            "Alarm": alarm("Apart"),
            "Other": alarm("Apart", Dimensions=[{"Name": "of", "Value": "other"}]),
        }
    )
    put(client, "Apart", 1, of="other")
    eventually(lambda: state(client, made, "Other") == "ALARM")
    assert state(client, made) == "INSUFFICIENT_DATA"


def test_data_that_stops_coming_is_treated_as_the_alarm_says(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    made = stack({"Breaching": alarm("Never", TreatMissingData="breaching"), "Missing": alarm("Stops")})
    eventually(lambda: state(client, made, "Breaching") == "ALARM")
    put(client, "Stops", 0)
    eventually(lambda: state(client, made, "Missing") == "OK")
    eventually(lambda: state(client, made, "Missing") == "INSUFFICIENT_DATA")


def test_several_points_of_several_periods_and_percentiles(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    slow = {
        "Statistic": {"Ref": "AWS::NoValue"},
        "ExtendedStatistic": "p90",
        "Threshold": 50,
        "Period": 600,
        "TreatMissingData": "notBreaching",
    }
    twice = {"EvaluationPeriods": 5, "DatapointsToAlarm": 2, "Period": 60, "TreatMissingData": "notBreaching"}
    made = stack({"Slow": alarm("Duration", **slow), "Twice": alarm("Errors", **twice)})
    put(client, "Duration", *([10] * 8), 100, 100)
    put(client, "Errors", 1)
    eventually(lambda: state(client, made, "Slow") == "ALARM")
    assert state(client, made, "Twice") == "OK"

    def fails_again() -> bool:
        put(client, "Errors", 1)
        return state(client, made, "Twice") == "ALARM"

    eventually(fails_again)


def query(name: str, metric: str) -> dict[str, Any]:
    said = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": [{"Name": "of", "Value": "this"}]}
    return {
        "Id": name,
        "ReturnData": False,
        "MetricStat": {"Metric": said, "Period": 60, "Stat": "Sum"},
    }


def ratio(expression: str) -> dict[str, Any]:
    plain = {
        "EvaluationPeriods": 1,
        "Threshold": 10,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Metrics": [
            query("failed", "Failed"),
            query("calls", "Calls"),
            {"Id": "ratio", "Expression": expression, "ReturnData": True},
        ],
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": plain}


def test_an_alarm_on_an_expression_comes_and_goes(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = stack({"Alarm": ratio("100 * failed / calls")})
    put(client, "Failed", 1)
    put(client, "Calls", 5)
    eventually(lambda: state(client, made) == "ALARM")
    eventually(lambda: state(client, made) == "OK")


def test_an_expression_that_is_not_understood_fails_its_stack(stack: Deploy) -> None:
    with pytest.raises(StackFailed, match="ANOMALY"):
        stack({"Alarm": ratio("ANOMALY_DETECTION_BAND(failed, 2)")})


def test_put_metric_alarm_takes_and_refuses_expressions_alike(client: Client, eventually: Wait) -> None:
    cloudwatch = client("cloudwatch")
    wanted = ratio("failed - calls")["Properties"] | {"AlarmName": "contract-put", "Threshold": 0}
    cloudwatch.put_metric_alarm(**wanted)
    put(client, "Failed", 9)
    put(client, "Calls", 1)

    def raised() -> bool:
        (found,) = cloudwatch.describe_alarms(AlarmNames=["contract-put"])["MetricAlarms"]
        return bool(found["StateValue"] == "ALARM")

    eventually(raised)
    wanted["Metrics"][2]["Expression"] = "failed - nothing"
    with pytest.raises(ClientError, match="nothing"):
        cloudwatch.put_metric_alarm(**wanted)
