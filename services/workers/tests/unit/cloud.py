"""What the service's functions talk to, in memory."""

from __future__ import annotations

from typing import Any

import boto3

TABLE = "workouts"


def make_table() -> Any:
    """A client of DynamoDB with an empty table `Workouts`."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    return client


class Queue:
    """An SQS queue whose messages a test reads."""

    def __init__(self) -> None:
        self.sqs = boto3.client("sqs")
        self.url = self.sqs.create_queue(QueueName="queue")["QueueUrl"]

    def messages(self) -> list[dict[str, Any]]:
        """Body and attributes (plain texts) of up to ten messages."""
        found = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        return [
            {
                "body": message["Body"],
                **{n: value["StringValue"] for n, value in message.get("MessageAttributes", {}).items()},
            }
            for message in found
        ]
