"""Where a consumer puts what no later try can make sense of, and which request it belonged to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_REASON = 1024


class DeadLetters:
    """A dead-letter queue that takes messages with reason and correlation id as attributes.

    SQS moves a message there by itself when all tries failed, but without a reason.
    """

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def set_aside(self, body: str, reason: str, correlation_id: str) -> bool:
        """Keep `body` as it came, and log that; False where SQS does not take it: let it come again then."""
        try:
            self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody=body,
                MessageAttributes={
                    "reason": {"DataType": "String", "StringValue": attribute_text(reason)},
                    "correlationId": {"DataType": "String", "StringValue": attribute_text(correlation_id)},
                },
            )
        except (ClientError, BotoCoreError):
            logger.exception(
                "could not be set aside, it comes again", reason=reason, correlation_id=correlation_id
            )
            return False
        logger.error("set aside", reason=reason, correlation_id=correlation_id)
        return True


def attribute_text(text: str) -> str:
    """`text` as a message attribute can hold it: not empty, no control characters or lone surrogates."""
    return "".join(char if char.isprintable() else "?" for char in text[:_LONGEST_REASON]) or "unknown"


def correlation_id_of_record(record: Mapping[str, Any]) -> str:
    """The correlation id that the sender of an SQS record put beside its body, else the message's own id."""
    attribute = (record.get("messageAttributes") or {}).get("correlationId") or {}
    return str(attribute.get("stringValue") or record["messageId"])
