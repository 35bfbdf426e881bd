"""The queue of uploads, and of requests to take an import back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_SOON_S = 15
_LATEST_S = 900


class ImportQueue:
    """The queue of uploads, whose messages may come again sooner than its long visibility timeout says."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def ask_undo(self, user_id: str, import_id: str) -> None:
        """Ask for an import to be taken back; durable on return. botocore's errors."""
        self.send_again(json.dumps({"undo": {"userId": user_id, "importId": import_id}}))

    def send_again(self, body: str, delay_s: int = 0) -> None:
        """Send the message `body` once more, to be seen in `delay_s` seconds: its tries count anew."""
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_s)

    def come_again_soon(self, record: Mapping[str, Any]) -> None:
        """Let the message of an SQS record come again, later after each try; botocore's errors."""
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        self._sqs.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=min(_SOON_S * 2 ** (tries - 1), _LATEST_S),
        )
