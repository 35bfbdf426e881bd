"""The table `Workouts` as this service sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from wotr_common import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_INVALID = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceededException"}


class Refused(Exception):
    """DynamoDB will never take this item; the message says why."""


class Workouts:
    """Workouts of all users. Numbers in items are Decimal; botocore's errors are those worth another try."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put_new(self, item: Item) -> Item | None:
        """Store `item` if its key is free, else change nothing and return what is stored there."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=raw(item),
                ConditionExpression=f"attribute_not_exists({keys.PK})",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return existing(error)
        return None


def existing(error: ClientError) -> Item:
    """What a put found at its key; raises Refused or `error` itself where that is not why it failed."""
    answer: Mapping[str, Any] = error.response
    code = answer["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return plain(answer.get("Item", {}))
    if code in _INVALID:
        raise Refused(f"DynamoDB refuses it: {answer['Error']['Message']}") from error
    raise error


def raw(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB's API spells it: `{"n": {"N": "1"}}`."""
    return {name: _serialize(value) for name, value in item.items()}


def plain(item: Mapping[str, Any]) -> Item:
    """An item as Python has it, from DynamoDB's spelling."""
    return {name: _deserialize(value) for name, value in item.items()}
