"""Gap: a replay reaches the rules that it names, in its window, and tells how far it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Stack, Wait

BUS = "contract-replays"


def two_consumers(stack: Deploy) -> Stack:
    """A bus with an archive, and two rules that each put every event into a queue of its own."""

    def rule(queue: str) -> dict[str, Any]:
        return {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["contract"]},
                "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": [queue, "Arn"]}}],
            },
        }

    delivers = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "First"}, {"Ref": "Second"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": "*",
                },
            },
        },
    }
    arn = {
        name: {"Value": {"Fn::GetAtt": [name, "Arn"]}} for name in ("Bus", "Archive", "ToFirst", "ToSecond")
    }
    return stack(
        {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": BUS}},
            "Archive": {
                "Type": "AWS::Events::Archive",
                "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}},
            },
            "First": {"Type": "AWS::SQS::Queue"},
            "Second": {"Type": "AWS::SQS::Queue"},
            "Delivers": delivers,
            "ToFirst": rule("First"),
            "ToSecond": rule("Second"),
        },
        Outputs=arn,
    )


def test_a_replay_reaches_the_rules_that_it_names(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = two_consumers(stack)
    events, sqs = client("events"), client("sqs")

    def taken(queue: str) -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=made.ids[queue], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def replay(name: str, end: datetime) -> dict[str, Any]:
        events.start_replay(
            ReplayName=name,
            EventSourceArn=made.outputs["Archive"],
            EventStartTime=end - timedelta(hours=1),
            EventEndTime=end,
            Destination={"Arn": made.outputs["Bus"], "FilterArns": [made.outputs["ToSecond"]]},
        )
        ended: dict[str, Any] = eventually(
            lambda: (
                found if (found := events.describe_replay(ReplayName=name))["State"] == "COMPLETED" else None
            )
        )
        return ended

    entry = {"EventBusName": BUS, "Source": "contract", "DetailType": "x", "Detail": '{"n": 1}'}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    (live,) = taken("First")
    assert len(taken("Second")) == 1
    at = datetime.fromisoformat(live["time"])

    ended = replay("whole", datetime.now(UTC) + timedelta(minutes=1))
    (again,) = taken("Second")
    assert (again["id"], again["detail"], again["replay-name"]) == (live["id"], {"n": 1}, "whole")
    assert ended["EventLastReplayedTime"] == at
    replay("until-then", at)
    assert taken("First") == taken("Second") == []


def test_a_replay_to_a_rule_that_nobody_knows_is_refused(client: Client, stack: Deploy) -> None:
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": f"{BUS}-refused"}}
    source = {"Fn::GetAtt": ["Bus", "Arn"]}
    made = stack(
        {"Bus": bus, "Archive": {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": source}}},
        Outputs={"Bus": {"Value": source}, "Archive": {"Value": {"Fn::GetAtt": ["Archive", "Arn"]}}},
    )
    with pytest.raises(ClientError, match="ValidationException"):
        client("events").start_replay(
            ReplayName="refused",
            EventSourceArn=made.outputs["Archive"],
            EventStartTime=datetime.now(UTC) - timedelta(hours=1),
            EventEndTime=datetime.now(UTC),
            Destination={"Arn": made.outputs["Bus"], "FilterArns": [f"{made.outputs['Bus']}/nobody"]},
        )
