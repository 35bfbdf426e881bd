"""The table `Workouts` as commands see it: one item read, several written at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_common.session import MOST_SETS
from wotr_common.workout import time_text
from wotr_workers.commands.decision import Addition, Amend, Delete, Item, Put, Write
from wotr_workers.store import plain, raw
from wotr_workers.workouts import COMMAND_IDS, CORRELATION_ID, EDITED_AT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_IN_THE_WAY = {"TransactionConflictException", "TransactionInProgressException"}
_RACED = {"ConditionalCheckFailed", "TransactionConflict", "None"}
_TOO_LARGE = "maximum allowed size"
_TRIES = 4


class TooLarge(Exception):
    """An item would have more than the 400 KB that DynamoDB takes."""


class Account:
    """The items of all athletes. botocore's errors are those worth another try."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, key: keys.Key) -> Item | None:
        """What is stored at `key` right now."""
        answer = self._dynamodb.get_item(TableName=self._table, Key=raw(key), ConsistentRead=True)
        return plain(answer["Item"]) if "Item" in answer else None

    def append(self, key: keys.Key, addition: Addition) -> tuple[bool, Item | None]:
        """Append sets to an open session of a lower version, unless their command was applied already.

        Whether it was done, and the item after it, or as it is (None: there is none). TooLarge.
        """
        for retry in range(_TRIES):
            time.sleep(0.02 * (2**retry - 1))
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table, Key=raw(key), **_appending(addition), ReturnValues="ALL_NEW"
                )
            except ClientError as error:
                last = error
            else:
                return True, plain(answer["Attributes"])
            if last.response["Error"]["Code"] == "ConditionalCheckFailedException":
                found: dict[str, Any] = dict(last.response)
                return False, plain(found["Item"]) if found.get("Item") else None
            if last.response["Error"]["Code"] not in _IN_THE_WAY:
                break
        raise _said(last)

    def commit(self, writes: tuple[Write, ...]) -> bool:
        """Do all of `writes` or none; False where something changed since it was read. TooLarge.

        A transaction even for one write: its token lets botocore try again without meeting its own first try.
        """
        try:
            self._dynamodb.transact_write_items(TransactItems=[self._action(write) for write in writes])
        except ClientError as error:
            if error.response["Error"]["Code"] in _IN_THE_WAY or _raced(error):
                return False
            raise _said(error) from error
        return True

    def _action(self, write: Write) -> Any:
        match write:
            case Put(item, over):
                return {"Put": {"TableName": self._table, "Item": raw(item), **_condition(over)}}
            case Delete(key, None):
                return {"Delete": {"TableName": self._table, "Key": raw(key)}}
            case Delete(key, version):
                return {"Delete": {"TableName": self._table, "Key": raw(key), **_condition(version)}}
            case Amend(key, values):
                return {"Update": {"TableName": self._table, "Key": raw(key), **_setting(values)}}


def _condition(version: int | None) -> dict[str, Any]:
    if version is None:
        return {"ConditionExpression": f"attribute_not_exists({keys.PK})"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": raw({":version": version}),
    }


def _setting(values: Any) -> dict[str, Any]:
    return {
        "ConditionExpression": f"attribute_exists({keys.PK})",
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": raw({f":{name}": value for name, value in values.items()}),
    }


def _appending(addition: Addition) -> Any:
    names = {
        "sets": "sets",
        "commands": COMMAND_IDS,
        "version": "version",
        "correlation": CORRELATION_ID,
        "edited": EDITED_AT,
        "state": "state",
    }
    return {
        "ConditionExpression": "#state = :open AND #version < :version AND size(#sets) <= :room"
        " AND NOT contains(#commands, :command)",
        "UpdateExpression": "SET #sets = list_append(#sets, :sets), #version = :version, #edited = :edited,"
        " #correlation = :correlation, #commands = list_append(if_not_exists(#commands, :none), :commands)",
        "ExpressionAttributeNames": {f"#{name}": attribute for name, attribute in names.items()},
        "ExpressionAttributeValues": raw(
            {
                ":open": "open",
                ":sets": addition.sets,
                ":room": MOST_SETS - len(addition.sets),
                ":version": addition.version,
                ":edited": time_text(addition.at),
                ":correlation": addition.correlation_id,
                ":command": addition.command_id,
                ":commands": [addition.command_id],
                ":none": [],
            }
        ),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _raced(error: ClientError) -> bool:
    """Whether nothing but conditions and other transactions stood against this one."""
    answer: dict[str, Any] = dict(error.response)
    reasons: list[dict[str, Any]] = answer.get("CancellationReasons", [])
    return bool(reasons) and all(reason.get("Code", "None") in _RACED for reason in reasons)


def _said(error: ClientError) -> Exception:
    answer: dict[str, Any] = dict(error.response)
    reasons = [answer["Error"], *answer.get("CancellationReasons", ())]
    if any(_TOO_LARGE in str(reason.get("Message", "")).lower() for reason in reasons):
        return TooLarge("with that, the session would be too large: it may have 400 KB with its notes")
    return error
