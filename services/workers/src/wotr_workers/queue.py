"""Queues that this service sends to, and the messages that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_REASON = 1024
_SOON_S = 15
_LATEST_S = 900


class DeadLetters:
    """Takes what no later try can make sense of, with reason and correlation id as attributes."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def set_aside(self, body: str, reason: str, correlation_id: str) -> None:
        """Keep `body` as it came; botocore's errors where SQS does not take it."""
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=body,
            MessageAttributes={
                "reason": {"DataType": "String", "StringValue": attribute_text(reason)},
                "correlationId": {"DataType": "String", "StringValue": attribute_text(correlation_id)},
            },
        )


def attribute_text(text: str) -> str:
    """`text` as a message attribute can hold it: not empty, no control characters or lone surrogates."""
    return "".join(char if char.isprintable() else "?" for char in text[:_LONGEST_REASON]) or "unknown"


def correlation_id(record: Mapping[str, Any]) -> str:
    """The correlation id that the sender of an SQS record put beside its body, else the message's own id."""
    attribute = (record.get("messageAttributes") or {}).get("correlationId") or {}
    return str(attribute.get("stringValue") or record["messageId"])


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
