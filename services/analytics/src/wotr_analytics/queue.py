"""The queue of events that could not be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_REASON = 1024


class DeadLetters:
    """Takes messages that no later try can make sense of, with reason and correlation id as attributes."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def set_aside(self, body: str, reason: str, correlation_id: str) -> None:
        """Keep `body` as it came; botocore's errors where SQS does not take it."""
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=body,
            MessageAttributes={
                "reason": {"DataType": "String", "StringValue": reason[:_LONGEST_REASON]},
                "correlationId": {"DataType": "String", "StringValue": correlation_id},
            },
        )
