"""Gap: a queue that an alarm watches reports how many messages it holds."""

from __future__ import annotations

from stack import Client, Deploy, Wait


def test_a_message_raises_the_alarm_on_its_queue_until_it_is_gone(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    watched = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    made = stack(
        {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": watched},
        }
    )

    def state() -> str:
        (found,) = client("cloudwatch").describe_alarms(AlarmNames=[made.ids["Alarm"]])["MetricAlarms"]
        return str(found["StateValue"])

    eventually(lambda: state() == "OK")
    client("sqs").send_message(QueueUrl=made.ids["Queue"], MessageBody="broken")
    eventually(lambda: state() == "ALARM")
    client("sqs").purge_queue(QueueUrl=made.ids["Queue"])
    eventually(lambda: state() == "OK")
