"""The topics that tell how imports ended, and which records were broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wotr_common.dead_letters import attribute_text
from wotr_common.workout import json_number
from wotr_workers.workouts import CORRELATION_ID

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class ImportsTopic:
    """Takes one message for each import that has ended."""

    def __init__(self, sns: SNSClient, arn: str) -> None:
        self._sns = sns
        self._arn = arn

    def tell(self, message: Mapping[str, Any]) -> None:
        """Publish `message` as JSON, with its user and state as attributes to filter by."""
        self._sns.publish(
            TopicArn=self._arn,
            Subject=f"wotr import {message['state']}",
            Message=json.dumps(message, default=_number),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": message[name]} for name in ("userId", "state")
            },
        )


class RecordsTopic:
    """Takes one message for each record that a logged workout or session broke."""

    def __init__(self, sns: SNSClient, arn: str) -> None:
        self._sns = sns
        self._arn = arn

    def tell(self, message: Mapping[str, Any], correlation_id: str | None) -> None:
        """Publish `message` as JSON, with its user, type of workout and kind as attributes to filter by."""
        attributes = {name: message[name] for name in ("userId", "type", "kind")}
        if correlation_id:
            attributes[CORRELATION_ID] = attribute_text(correlation_id)
        self._sns.publish(
            TopicArn=self._arn,
            Subject="wotr record",
            Message=json.dumps(message, default=_number),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def _number(value: object) -> int | float:
    """A number as an item of the table holds it, for JSON."""
    if isinstance(value, Decimal):
        return json_number(value)
    raise TypeError(f"{type(value).__name__} has no place in a message")
