"""Workouts as the writer stores them: each unless its start is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_common.notes import Notes
from wotr_workers.store.items import Item, NotesOf, existing, raw

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Workouts:
    """Workouts of all users. Numbers in items are Decimal; botocore's errors are those worth another try.

    What was found instead comes without its notes: the writer may seal some, and open none.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str, notes: Notes | None = None) -> None:
        self._notes = NotesOf(notes)
        self._dynamodb = dynamodb
        self._table = table

    def put_new(self, item: Item) -> Item | None:
        """Store `item` if its key is free, else change nothing and return what is there, without notes."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=raw(self._notes.written(item)),
                ConditionExpression=f"attribute_not_exists({keys.PK})",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return existing(error, NotesOf(None).read)
        return None
