"""Gap: a queue's event source hands over up to BatchSize messages at once."""

from __future__ import annotations

from stack import Client, Deploy, Wait, allow, function, role

SAY_HOW_MANY = "def handler(event, context): print('batch of', len(event['Records']))\n"


def test_a_batch_is_as_large_as_the_event_source_allows(
    stack: Deploy, client: Client, eventually: Wait
) -> None:
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    may = allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue)
    made = stack(
        {"Queue": {"Type": "AWS::SQS::Queue"}, "Role": role(may), "Says": function(SAY_HOW_MANY)},
        Outputs={"Arn": {"Value": queue}},
    )
    for first in range(0, 30, 10):
        entries = [{"Id": str(number), "MessageBody": "x"} for number in range(first, first + 10)]
        client("sqs").send_message_batch(QueueUrl=made.ids["Queue"], Entries=entries)
    client("lambda").create_event_source_mapping(
        EventSourceArn=made.outputs["Arn"],
        FunctionName=made.ids["Says"],
        BatchSize=25,
        MaximumBatchingWindowInSeconds=1,
    )

    def said() -> list[str]:
        group = f"/aws/lambda/{made.ids['Says']}"
        groups = client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        events = client("logs").filter_log_events(logGroupName=group)["events"] if groups else []
        return [event["message"] for event in events if event["message"].startswith("batch")]

    assert sorted(eventually(lambda: lines if len(lines := said()) > 1 else None)) == [
        "batch of 25",
        "batch of 5",
    ]
