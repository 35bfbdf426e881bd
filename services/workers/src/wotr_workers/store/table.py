"""Any items of the table: read by key or range, written under conditions, all together or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_common.notes import Notes
from wotr_workers.store.items import Changed, Item, NotesOf, NotRead, Refused, existing, raw

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READ_ITEMS = 100  # the most that DynamoDB takes in one BatchGetItem
WRITE_ITEMS = 25  # and in one BatchWriteItem
_TRIES = 8
# What tells whether an item is still the one that was read: its version, and imports' notes beside it.
_GUARDED = ("version", "importId", "changedBy", "refs", "workoutId")
_BUSY = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


@dataclass(frozen=True, slots=True)
class Put:
    """Store `item` if what is stored at its key still is `before`; None: nothing."""

    item: Item
    before: Item | None = None

    @property
    def key(self) -> keys.Key:
        """Where."""
        return {"pk": self.item[keys.PK], "sk": self.item[keys.SK]}


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete `before`, if it still is what is stored."""

    before: Item

    @property
    def key(self) -> keys.Key:
        """Where."""
        return {"pk": self.before[keys.PK], "sk": self.before[keys.SK]}


@dataclass(frozen=True, slots=True)
class Keep:
    """Store `attributes` at `key`, each unless it is there already."""

    key: keys.Key
    attributes: Item


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete what is stored at `key`, whatever it is, if anything is."""

    key: keys.Key


Write = Put | Delete | Keep | Remove


class Table:
    """Items by their keys. Reads are consistent; botocore's errors are those worth another try.

    Without `notes` items are read without theirs, and none that has any is stored. `pause` waits before
    another try of what DynamoDB was too busy for.
    """

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table: str,
        notes: Notes | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._notes = NotesOf(notes)
        self._dynamodb = dynamodb
        self._table = table
        self._pause = pause

    def get(self, pk: str, sks: Iterable[str]) -> dict[str, Item]:
        """What is stored below `pk` at `sks`, by sort key; NotRead where DynamoDB is too busy."""
        found: dict[str, Item] = {}
        wanted = iter(dict.fromkeys(sks))
        while part := list(islice(wanted, READ_ITEMS)):
            request: Any = {
                self._table: {
                    "Keys": [raw({keys.PK: pk, keys.SK: sk}) for sk in part],
                    "ConsistentRead": True,
                }
            }
            for pause_s in _pauses():
                self._pause(pause_s)
                answer = self._dynamodb.batch_get_item(RequestItems=request)
                items = map(self._notes.read, answer["Responses"].get(self._table, []))
                found |= {item[keys.SK]: item for item in items}
                request = answer["UnprocessedKeys"]
                if not request:
                    break
            else:
                raise NotRead("DynamoDB was too busy to say what is stored")
        return found

    def between(self, pk: str, low: str, high: str) -> Iterator[Item]:
        """The items of `pk` whose sort keys lie between `low` and `high`, both included, in order."""
        return self._query(
            f"{keys.PK} = :pk AND {keys.SK} BETWEEN :low AND :high", {":pk": pk, ":low": low, ":high": high}
        )

    def beginning(self, pk: str, prefix: str) -> Iterator[Item]:
        """The items of `pk` whose sort keys begin with `prefix`, in order."""
        return self._query(
            f"{keys.PK} = :pk AND begins_with({keys.SK}, :prefix)", {":pk": pk, ":prefix": prefix}
        )

    def of_import(self, pk: str, import_id: str) -> Iterator[Item]:
        """The items of `pk` that the import made."""
        return self._query(
            f"{keys.PK} = :pk", {":pk": pk, ":import": import_id}, FilterExpression="importId = :import"
        )

    def write(self, writes: Sequence[Write]) -> None:
        """Do all of `writes` or none; Changed where a condition fails, Refused for what never fits."""
        try:
            if len(writes) == 1:
                self._write_one(writes[0])
            else:
                self._transact([{_kind(write): self._action(write)} for write in writes])
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionConflictException":
                existing(error)
            raise Changed from error

    def put_all(self, items: Iterable[Item]) -> None:
        """Store `items`, whatever is stored there; NotRead where DynamoDB is too busy."""
        self._batches({"PutRequest": {"Item": raw(self._notes.written(item))}} for item in items)

    def delete_all(self, found: Iterable[keys.Key]) -> None:
        """Delete what is stored at the keys in `found`; NotRead where DynamoDB is too busy."""
        self._batches({"DeleteRequest": {"Key": raw(key)}} for key in found)

    def _query(self, condition: str, values: Item, **more: str) -> Iterator[Item]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=raw(values),
            ConsistentRead=True,
            **more,  # type: ignore[arg-type]
        )
        return (self._notes.read(item) for page in pages for item in page["Items"])

    def _action(self, write: Write) -> dict[str, Any]:
        place: dict[str, Any] = {"TableName": self._table}
        match write:
            case Put(item, before):
                return {
                    **place,
                    "Item": raw(self._notes.written(item, before=before)),
                    **_unchanged(before),
                }
            case Delete(before):
                return {**place, "Key": raw(write.key), **_unchanged(before)}
            case Keep(key, attributes):
                return {**place, "Key": raw(key), **_unless_there(self._notes.written(attributes, key))}
            case Remove(key):
                return {**place, "Key": raw(key)}

    def _write_one(self, write: Write) -> None:
        action = self._action(write)
        match write:
            case Put():
                self._dynamodb.put_item(**action)
            case Delete() | Remove():
                self._dynamodb.delete_item(**action)
            case Keep():
                self._dynamodb.update_item(**action)

    def _transact(self, actions: list[Any]) -> None:
        for pause_s in _pauses():
            self._pause(pause_s)
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
                return
            except ClientError as error:
                busy = _busy(error)
        raise busy

    def _batches(self, requests: Iterator[Any]) -> None:
        while part := list(islice(requests, WRITE_ITEMS)):
            request: Any = {self._table: part}
            for pause_s in _pauses():
                self._pause(pause_s)
                request = self._dynamodb.batch_write_item(RequestItems=request)["UnprocessedItems"]
                if not request:
                    break
            else:
                raise NotRead("DynamoDB was too busy to take a batch of items")


def _kind(write: Write) -> str:
    return {Put: "Put", Delete: "Delete", Keep: "Update", Remove: "Delete"}[type(write)]


def _pauses() -> Iterator[float]:
    """Seconds to wait before each try: none, then longer and longer."""
    return (0.05 * (2**retry - 1) for retry in range(_TRIES))


def _busy(error: ClientError) -> ClientError:
    """`error` of a transaction if it is worth the same try again; raises what it means otherwise."""
    answer: Mapping[str, Any] = error.response
    if answer["Error"]["Code"] != "TransactionCanceledException":
        raise error
    reasons = {reason.get("Code"): reason.get("Message") for reason in answer.get("CancellationReasons", [])}
    if "ConditionalCheckFailed" in reasons:
        raise Changed from error
    if "ValidationError" in reasons:
        raise Refused(f"DynamoDB refuses it: {reasons['ValidationError']}") from error
    if not _BUSY & reasons.keys():
        raise error
    return error


def _unchanged(before: Item | None) -> dict[str, Any]:
    if before is None:
        return {"ConditionExpression": f"attribute_not_exists({keys.PK})"}
    there = [name for name in _GUARDED if name in before]
    terms = [f"attribute_exists({keys.PK})"]
    terms += [
        f"#{name} = :{name}" if name in before else f"attribute_not_exists(#{name})" for name in _GUARDED
    ]
    values = {"ExpressionAttributeValues": raw({f":{name}": before[name] for name in there})} if there else {}
    return {
        "ConditionExpression": " AND ".join(terms),
        "ExpressionAttributeNames": {f"#{name}": name for name in _GUARDED},
        **values,
    }


def _unless_there(attributes: Item) -> dict[str, Any]:
    return {
        "UpdateExpression": "SET " + ", ".join(f"#{n} = if_not_exists(#{n}, :{n})" for n in attributes),
        "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
        "ExpressionAttributeValues": raw({f":{name}": value for name, value in attributes.items()}),
    }
