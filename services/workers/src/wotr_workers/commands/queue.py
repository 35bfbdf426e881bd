"""The import queue, which also takes requests to take an import back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class UndoQueue:
    """Asks for imports to be taken back."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def ask_undo(self, user_id: str, import_id: str, correlation_id: str) -> None:
        """Send the request; it is durable on return. Raises botocore's errors."""
        undo = {"userId": user_id, "importId": import_id, "correlationId": correlation_id}
        self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps({"undo": undo}))
