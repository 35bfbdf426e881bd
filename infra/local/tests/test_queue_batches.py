"""Gap: a queue's event source gathers up to BatchSize messages, as long as the batching window allows."""

from __future__ import annotations

import time

from stack import Client, Deploy, Stack, Wait, allow, function, role

SAY_HOW_MANY = "def handler(event, context): print('batch of', len(event['Records']))\n"


def said(client: Client, function: str) -> list[str]:
    group = f"/aws/lambda/{function}"
    groups = client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    events = client("logs").filter_log_events(logGroupName=group)["events"] if groups else []
    return [event["message"] for event in events if event["message"].startswith("batch")]


def consumer(stack: Deploy, client: Client) -> Stack:
    """A queue, and a function that says how many messages it got, taking 25 at once."""
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    may = allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue)
    return stack(
        {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Role": role(may),
            "Says": function(SAY_HOW_MANY),
            "Source": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "EventSourceArn": queue,
                    "FunctionName": {"Ref": "Says"},
                    "BatchSize": 25,
                    "MaximumBatchingWindowInSeconds": 2,
                },
            },
        }
    )


def test_a_batch_is_as_large_as_the_event_source_allows(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    made = consumer(stack, client)
    for first in range(0, 30, 10):
        entries = [{"Id": str(number), "MessageBody": "x"} for number in range(first, first + 10)]
        client("sqs").send_message_batch(QueueUrl=made.ids["Queue"], Entries=entries)
    lines = eventually(lambda: found if len(found := said(client, made.ids["Says"])) > 1 else None)
    assert lines == ["batch of 25", "batch of 5"]


def test_a_trickle_is_gathered_within_the_window(stack: Deploy, client: Client, eventually: Wait) -> None:
    made = consumer(stack, client)
    for _ in range(5):
        client("sqs").send_message(QueueUrl=made.ids["Queue"], MessageBody="x")
        time.sleep(0.1)
    assert eventually(lambda: said(client, made.ids["Says"])) == ["batch of 5"]
