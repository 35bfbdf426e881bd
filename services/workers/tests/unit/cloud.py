"""What the service's functions talk to, in memory."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3

from wotr_common.envelope import DataKeys
from wotr_common.notes import Notes
from wotr_workers.store import Item, plain

TABLE = "workouts"
NOTES_KEY_ALIAS = "alias/wotr-dev-notes"


@cache
def aws(service: str) -> Any:
    """A test's own client, the same for all tests: making one takes longer than a call."""
    return boto3.client(service)  # type: ignore[call-overload,unused-ignore]


def make_table() -> Any:
    """A client of DynamoDB with an empty table `Workouts`, and the key for its notes."""
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    aws("kms").create_alias(AliasName=NOTES_KEY_ALIAS, TargetKeyId=key)
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


def notes() -> Notes:
    """What seals and opens notes, as a new process has it."""
    return Notes(DataKeys(lambda: aws("kms"), NOTES_KEY_ALIAS))


def stored(dynamodb: Any, notes: Notes) -> list[Item]:
    """Everything in the table, its notes in the clear."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=TABLE)
    return [notes.opened(plain(item)) for page in pages for item in page["Items"]]


class Queue:
    """An SQS queue whose messages a test reads."""

    def __init__(self) -> None:
        self.sqs = aws("sqs")
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
