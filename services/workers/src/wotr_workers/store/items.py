"""Items as Python has them and as DynamoDB spells them, and why one is not stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_INVALID = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceededException"}


class Refused(Exception):
    """DynamoDB will never take this item; the message says why, in its own words."""

    @property
    def too_large(self) -> bool:
        """Whether the item has more than an item may have, 400 KB."""
        return "maximum allowed size" in str(self)


class NotRead(Exception):
    """DynamoDB was too busy to read all that was asked for."""


class Changed(Exception):
    """What is stored is no longer what was read: nothing was written. Read again and decide again."""


def raw(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB's API spells it: `{"n": {"N": "1"}}`."""
    return {name: _serialize(value) for name, value in item.items()}


def plain(item: Mapping[str, Any]) -> Item:
    """An item as Python has it, from DynamoDB's spelling."""
    return {name: _deserialize(value) for name, value in item.items()}


def existing(error: ClientError) -> Item:
    """What a put found at its key; raises Refused or `error` itself where that is not why it failed."""
    answer: Mapping[str, Any] = error.response
    code = answer["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return plain(answer.get("Item", {}))
    if code in _INVALID:
        raise Refused(f"DynamoDB refuses it: {answer['Error']['Message']}") from error
    raise error
