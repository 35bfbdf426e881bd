"""Whoever is on duty hears of each message that nobody could work on."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import boto3
from waiting import eventually

from stage_client import Stage, TopicListener

VISIBLE = "ApproximateNumberOfMessagesVisible"


def watched(stage: Stage) -> Iterator[tuple[str, str]]:
    """(alarm, queue URL) of each alarm of the stage on what lies in a queue."""
    sqs = boto3.client("sqs")
    for page in boto3.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix="wotr-"):
        for alarm in page["MetricAlarms"]:
            if alarm.get("MetricName") == VISIBLE and f"-{stage.name}-" in alarm["AlarmName"]:
                (queue,) = (each["Value"] for each in alarm["Dimensions"] if each["Name"] == "QueueName")
                yield alarm["AlarmName"], sqs.get_queue_url(QueueName=queue)["QueueUrl"]


def take_back(url: str, mark: str) -> None:
    """Delete our message, and leave others to whoever they are for."""
    sqs = boto3.client("sqs")
    while True:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=5)
        for message in got.get("Messages", []):
            if mark in message["Body"]:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return
        assert got.get("Messages"), f"our message in {url} is gone"


def test_a_message_in_any_last_queue_is_told_to_whoever_is_on_duty(stage: Stage) -> None:
    sqs, alarms = boto3.client("sqs"), dict(watched(stage))
    assert len(alarms) > 10
    mark = secrets.token_hex(8)
    ops = TopicListener(stage.outputs("platform")["OpsTopicArn"])
    cloudwatch = boto3.client("cloudwatch")
    try:
        for alarm, url in alarms.items():
            # What lies there already may have raised it.
            cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="to be tried")
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"mark": mark}))
        eventually(
            lambda: {told["AlarmName"] for told in ops.messages() if told["NewStateValue"] == "ALARM"},
            lambda told: told >= alarms.keys(),
            "an alarm for each last queue",
        )
    finally:
        ops.close()
        for url in alarms.values():
            take_back(url, mark)
