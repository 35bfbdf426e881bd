"""A table as read models use it: items in batches and in order, transactions on top of what was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from wotr_analytics.settling import NotApplied, Refused
from wotr_common import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Item = dict[str, Any]
Place = tuple[str, str]  # pk and sk

_READ_ITEMS = 100  # the most that DynamoDB takes in one BatchGetItem
_SMALL_PAGE = 50
_BEHIND_ALL = "\U0010ffff"  # sorts behind every sort key
_INVALID = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceeded"}

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class Table:
    """One table. Every read is consistent: an older item would only make the write on top of it fail."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def get(self, key: keys.Key) -> Item | None:
        """The item at `key`."""
        answer = self._dynamodb.get_item(TableName=self.name, Key=_raw(key), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def batch(self, wanted: Iterable[keys.Key]) -> dict[Place, Item | None]:
        """The items at the keys, None where there is none; what could not be read in time is missing."""
        places = [(key["pk"], key["sk"]) for key in wanted]
        found: dict[Place, Item | None] = {}
        for start in range(0, len(places), _READ_ITEMS):
            found |= self._batch(places[start : start + _READ_ITEMS])
        return found

    def items(self, pk: str, begins: str | tuple[str, str], *, descending: bool = False) -> Iterator[Item]:
        """The items of a partition whose sort keys begin so, or lie between two bounds, page by page."""
        if isinstance(begins, str):
            condition, values = "begins_with(#sk, :low)", {":low": begins}
        else:
            condition, values = "#sk BETWEEN :low AND :high", {":low": begins[0], ":high": begins[1]}
        # Who walks down stops early.
        paging: Any = {"PaginationConfig": {"PageSize": _SMALL_PAGE}} if descending else {}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            ConsistentRead=True,
            KeyConditionExpression=f"#pk = :pk AND {condition}",
            ExpressionAttributeNames={"#pk": keys.PK, "#sk": keys.SK},
            ExpressionAttributeValues=_raw({":pk": pk, **values}),
            ScanIndexForward=not descending,
            **paging,
        )
        for page in pages:
            yield from map(_plain, page["Items"])

    def next_partition(self, after: str | None) -> str | None:
        """The partition that a scan meets after the partition `after` (None: first); None at the end.

        The scan begins behind the last item that `after` can have, so it reads one item for each partition
        (AWS Database Blog, "Generate a distinct set of partition keys for an Amazon DynamoDB table
        efficiently").
        """
        start: Any = {"ExclusiveStartKey": _raw({keys.PK: after, keys.SK: _BEHIND_ALL})} if after else {}
        found = self._dynamodb.scan(TableName=self.name, ConsistentRead=True, Limit=1, **start)["Items"]
        return str(_plain(found[0])[keys.PK]) if found else None

    def has(self, pk: str) -> bool:
        """Whether the partition has any item."""
        answer = self._dynamodb.query(
            TableName=self.name,
            ConsistentRead=True,
            Limit=1,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": keys.PK},
            ExpressionAttributeValues=_raw({":pk": pk}),
        )
        return bool(answer["Items"])

    def write(self, writes: Sequence[TransactWriteItemTypeDef]) -> None:
        """All of them or none; raises NotApplied, or Refused where DynamoDB will never take them."""
        try:
            self._dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            codes = {error.response["Error"]["Code"]} | {
                reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])
            }
            if codes & _INVALID:
                raise Refused(f"DynamoDB refuses it: {error.response['Error']['Message']}") from error
            raise NotApplied(f"{self.name}: {', '.join(sorted(codes - {'None'}))}") from error
        except BotoCoreError as error:
            raise NotApplied(f"{self.name}: {error}") from error

    def put(self, item: Mapping[str, Any], read: Mapping[str, Any] | None) -> TransactWriteItemTypeDef:
        """Put `item` on top of what was `read` there (None: nothing)."""
        put: Any = {"TableName": self.name, "Item": _raw(item), **_unchanged(read, item.keys())}
        return {"Put": put}

    def delete(self, read: Mapping[str, Any]) -> TransactWriteItemTypeDef:
        """Delete what was `read`, if it still is the same."""
        key = {name: read[name] for name in (keys.PK, keys.SK)}
        delete: Any = {"TableName": self.name, "Key": _raw(key), **_unchanged(read, read.keys())}
        return {"Delete": delete}

    def add(
        self, key: keys.Key, amounts: Mapping[str, Any], fixed: Mapping[str, Any]
    ) -> TransactWriteItemTypeDef:
        """Add `amounts` to the numbers of the item at `key`, and set what is `fixed`."""
        names = {f"#{number}": name for number, name in enumerate([*amounts, *fixed])}
        places = {name: number for number, name in names.items()}
        values = {f":{places[name][1:]}": value for name, value in {**amounts, **fixed}.items()}
        added = ", ".join(f"{places[name]} :{places[name][1:]}" for name in amounts)
        said = ", ".join(f"{places[name]} = :{places[name][1:]}" for name in fixed)
        return {
            "Update": {
                "TableName": self.name,
                "Key": _raw(key),
                "UpdateExpression": f"SET {said} ADD {added}",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": _raw(values),
            }
        }

    def _batch(self, places: list[Place]) -> dict[Place, Item | None]:
        answer = self._dynamodb.batch_get_item(
            RequestItems={
                self.name: {
                    "Keys": [{keys.PK: {"S": pk}, keys.SK: {"S": sk}} for pk, sk in places],
                    "ConsistentRead": True,
                }
            }
        )
        unread = {
            (key[keys.PK]["S"], key[keys.SK]["S"])
            for key in answer["UnprocessedKeys"].get(self.name, {"Keys": []})["Keys"]
        }
        found: dict[Place, Item | None] = {place: None for place in places if place not in unread}
        for item in map(_plain, answer["Responses"].get(self.name, [])):
            found[item[keys.PK], item[keys.SK]] = item
        return found


def _unchanged(read: Mapping[str, Any] | None, names: Collection[str]) -> dict[str, Any]:
    """The condition that an item is the one that was `read`, in every attribute of it and in `names`."""
    if read is None:
        return {
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": keys.PK},
        }
    asked = sorted({*read, *names} - {keys.PK, keys.SK})
    held = [
        f"#{place} = :{place}" if name in read else f"attribute_not_exists(#{place})"
        for place, name in enumerate(asked)
    ]
    values = {f":{place}": read[name] for place, name in enumerate(asked) if name in read}
    return {
        "ConditionExpression": " AND ".join(held),
        "ExpressionAttributeNames": {f"#{place}": name for place, name in enumerate(asked)},
        **({"ExpressionAttributeValues": _raw(values)} if values else {}),
    }


def _raw(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items()}


def _plain(item: Mapping[str, Any]) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}
