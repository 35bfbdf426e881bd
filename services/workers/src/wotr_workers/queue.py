"""The queue of uploads, and of requests to take an import back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST_TURNS = 1000  # four hours behind other imports, or days of work
_SOON_S = 15
_LATEST_S = 900
_TURN = "turn"


class Endless(Exception):
    """A message came round more often than any import needs: it goes in circles."""


class ImportQueue:
    """The queue of uploads, whose messages may come again sooner than its long visibility timeout says."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def ask_undo(self, user_id: str, import_id: str) -> None:
        """Ask for an import to be taken back; durable on return. botocore's errors."""
        body = json.dumps({"undo": {"userId": user_id, "importId": import_id}})
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)

    def send_again(self, record: Mapping[str, Any], delay_s: int) -> None:
        """Send the message of an SQS record once more, to be seen in `delay_s` seconds: its tries count anew.

        Endless where it came round too often: nothing else would stop it, as AWS looks for no loop here.
        """
        before = (record.get("messageAttributes") or {}).get(_TURN) or {}
        turn = int(before.get("stringValue", 0)) + 1
        if turn > MOST_TURNS:
            raise Endless(f"the message was sent again {MOST_TURNS} times")
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=record["body"],
            DelaySeconds=delay_s,
            MessageAttributes={_TURN: {"DataType": "Number", "StringValue": str(turn)}},
        )

    def come_again_soon(self, record: Mapping[str, Any]) -> None:
        """Let the message of an SQS record come again, later after each try; botocore's errors."""
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        self._sqs.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=min(_SOON_S * 2 ** (tries - 1), _LATEST_S),
        )
