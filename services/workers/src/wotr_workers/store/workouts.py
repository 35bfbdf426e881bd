"""Workouts as the writer stores them: each unless its start is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_workers.store.items import Item, existing, raw

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
