"""The table `Workouts` as this service sees it: workouts, and the state of imports."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_workers.workouts import IMPORT_ROW

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
READ_ITEMS = 100  # the most that DynamoDB takes in one BatchGetItem
_READ_TRIES = 8
_INVALID = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceededException"}


class Refused(Exception):
    """DynamoDB will never take this item; the message says why."""


class NotRead(Exception):
    """DynamoDB was too busy to read all that was asked for."""


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

    def stored(self, wanted: Iterable[keys.Key]) -> dict[str, Item]:
        """What is stored at up to READ_ITEMS different keys, by sort key: enough to tell what is new.

        The read is eventually consistent: puts are conditional anyway. NotRead where DynamoDB is too busy.
        """
        request: dict[str, Any] = {
            self._table: {
                "Keys": [raw(key) for key in wanted],
                "ProjectionExpression": f"{keys.SK}, contentHash, {IMPORT_ROW}, sourceId, #source",
                "ExpressionAttributeNames": {"#source": "source"},
            }
        }
        found: dict[str, Item] = {}
        for retry in range(_READ_TRIES):
            if not request:
                return found
            time.sleep(0.05 * (2**retry - 1))
            answer = self._dynamodb.batch_get_item(RequestItems=request)
            items = map(plain, answer["Responses"].get(self._table, []))
            found |= {item[keys.SK]: item for item in items}
            request = dict(answer["UnprocessedKeys"])
        if request:
            raise NotRead("DynamoDB was too busy to say what is stored")
        return found


class Imports:
    """The state of imports: one item each. `uploadVersion` says of which upload the item speaks."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def begin(self, state: Item) -> Item | None:
        """Store `state` unless this upload's import has ended; then return how it ended."""
        return self._put(
            state,
            f"attribute_not_exists({keys.PK}) OR uploadVersion <> :version OR #state = :state",
            {":version": state["uploadVersion"], ":state": state["state"]},
        )

    def replace(self, before: Item, state: Item) -> Item | None:
        """Store `state` in place of `before`; where that is no longer the state, return what is instead.

        Another state is that of a newer upload, or of the same one where its event was delivered twice.
        """
        condition = "uploadVersion = :version AND #state = :state"
        return self._put(state, condition, {":version": before["uploadVersion"], ":state": before["state"]})

    def _put(self, state: Item, condition: str, values: Item) -> Item | None:
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=raw(state),
                ConditionExpression=condition,
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=raw(values),
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
