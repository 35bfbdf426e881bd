"""The queue of uploads."""

from __future__ import annotations

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

    def come_again_soon(self, record: Mapping[str, Any]) -> None:
        """Let the message of an SQS record come again, later after each try; botocore's errors."""
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        self._sqs.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=min(_SOON_S * 2 ** (tries - 1), _LATEST_S),
        )
