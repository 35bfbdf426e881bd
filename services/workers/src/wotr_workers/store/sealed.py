"""Items as they lie in the table, their notes sealed: read in stretches, replaced if nobody changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_workers.store.items import Item, existing, plain, raw

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STRETCH = 200  # items of one call, or the megabyte that DynamoDB reads at most


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the table; `after` is where the next begins, None at the end."""

    items: list[Item]
    after: dict[str, str] | None


class SealedItems:
    """The table, as the re-encryption sees it. botocore's errors are those worth another try."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def stretch(self, segment: int, segments: int, after: Mapping[str, str] | None) -> Found:
        """The items of one of `segments` that come after the key `after`."""
        begin: dict[str, Any] = {"ExclusiveStartKey": raw(after)} if after else {}
        page = self._dynamodb.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=segments,
            Limit=STRETCH,
            ConsistentRead=True,
            **begin,
        )
        last = page.get("LastEvaluatedKey")
        return Found([plain(item) for item in page["Items"]], plain(last) if last else None)

    def replace(self, item: Item, new: Item) -> Item | None:
        """Store what `new` has otherwise than `item`, if just that is in the table as it was.

        None where it was done, else what is there instead, empty for nothing. What others changed beside it
        meanwhile stays as they left it.
        """
        names = sorted(name for name in {*item, *new} if item.get(name) != new.get(name))
        before = [
            f"#{name} = :old_{name}" if name in item else f"attribute_not_exists(#{name})" for name in names
        ]
        gone = [f"#{name}" for name in names if name not in new]
        changed = [f"#{name} = :new_{name}" for name in names if name in new]
        update = [("SET", changed), ("REMOVE", gone)]
        values = {f":new_{name}": new[name] for name in names if name in new}
        values |= {f":old_{name}": item[name] for name in names if name in item}
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=raw({keys.PK: item[keys.PK], keys.SK: item[keys.SK]}),
                UpdateExpression=" ".join(f"{word} {', '.join(what)}" for word, what in update if what),
                ConditionExpression=" AND ".join([f"attribute_exists({keys.PK})", *before]),
                ExpressionAttributeNames={f"#{name}": name for name in names},
                ExpressionAttributeValues=raw(values),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "TransactionConflictException":
                return item
            return existing(error)
        return None
