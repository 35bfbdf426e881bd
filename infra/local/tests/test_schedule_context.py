"""Gap: a schedule's input says when it was due."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from stack import Client, Wait

INPUT = (
    '{"due": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>",'
    ' "attempt": "<aws.scheduler.attempt-number>", "run": "<aws.scheduler.execution-id>"}'
)


def test_a_target_is_told_when_its_schedule_was_due(client: Client, eventually: Wait) -> None:
    sqs, scheduler = client("sqs"), client("scheduler")
    url = sqs.create_queue(QueueName="contract-schedule")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    moment = (datetime.now(UTC) - timedelta(hours=3)).replace(microsecond=0)
    made = scheduler.create_schedule(
        Name="contract-context",
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/any", "Input": INPUT},
    )

    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), 30)
    said = json.loads(message["Body"])

    assert said["due"] == f"{moment:%Y-%m-%dT%H:%M:%S}Z"
    assert said["by"] == made["ScheduleArn"]
    assert said["attempt"] == "1"
    assert len(said["run"]) >= 8
    assert "<" not in said["run"]
