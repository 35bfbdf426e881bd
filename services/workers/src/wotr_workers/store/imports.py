"""The state of imports: one item each, and who may bring it from which state into which.

    waiting --upload--> running --end--> done | refused
    waiting, running, done, refused --undo--> undoing --end--> undone

`uploadVersion` says of which upload of the import's file the item speaks. Another upload under the same id
begins again from any state but `undoing`, where it waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_workers.store.items import Item, existing, plain, raw

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WAITING, RUNNING, DONE, REFUSED, UNDOING, UNDONE = (
    "waiting",
    "running",
    "done",
    "refused",
    "undoing",
    "undone",
)


class Imports:
    """The state of everybody's imports."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, user_id: str, import_id: str) -> Item | None:
        """The state of an import; None where nobody asked for it and nothing was uploaded."""
        found = self._dynamodb.get_item(
            TableName=self._table, Key=raw(keys.import_key(user_id, import_id)), ConsistentRead=True
        )
        return plain(found["Item"]) if "Item" in found else None

    def add(self, state: Item) -> Item | None:
        """Store the first `state` of an import; where it has one already, return that."""
        return self._put(state, f"attribute_not_exists({keys.PK})", {}, {})

    def replace(self, before: Item, state: Item) -> Item | None:
        """Store `state` in place of `before`; where that is no longer the state, return what is instead.

        Another state is that of a newer upload or of an undo, or of the same one delivered twice.
        """
        version = before.get("uploadVersion")
        upload = "uploadVersion = :version" if version else "attribute_not_exists(uploadVersion)"
        values = {":state": before["state"], **({":version": version} if version else {})}
        return self._put(state, f"{upload} AND #state = :state", {"#state": "state"}, values)

    def ask_undo(self, user_id: str, import_id: str) -> Item | None:
        """The state of an import that is to be taken back: `undoing`, or `undone` where it is already.

        None where there is no such import. The caller then sends ImportQueue.undo.
        """
        while True:
            found = self.get(user_id, import_id)
            if found is None or found["state"] in (UNDOING, UNDONE):
                return found
            asked = {**found, "state": UNDOING, "told": False}
            if self.replace(found, asked) is None:
                return asked

    def _put(self, state: Item, condition: str, names: dict[str, str], values: Item) -> Item | None:
        expressions = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": raw(values)}
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=raw(state),
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **{name: value for name, value in expressions.items() if value},  # type: ignore[arg-type]
            )
        except ClientError as error:
            return existing(error)
        return None
