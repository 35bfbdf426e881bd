"""Sets that are added to a session: without a read, so that several devices can add at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_common.notes import KEYS, Notes
from wotr_common.session import MOST_SETS
from wotr_common.workout import time_text
from wotr_workers.store.items import Item, NotesOf, existing, raw
from wotr_workers.workouts import COMMAND_IDS, CORRELATION_ID, EDITED_AT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 4
_CONDITION = (
    "#state = :open AND #version < :version AND size(#sets) <= :room AND NOT contains(#commands, :command)"
)
_UPDATE = (
    "SET #sets = list_append(#sets, :sets), #version = :version, #edited = :edited,"
    " #correlation = :correlation, #commands = list_append(if_not_exists(#commands, :none), :commands)"
)
_NAMES = {
    "#state": "state",
    "#sets": "sets",
    "#version": "version",
    "#edited": EDITED_AT,
    "#correlation": CORRELATION_ID,
    "#commands": COMMAND_IDS,
}


@dataclass(frozen=True, slots=True)
class Addition:
    """Sets (as they lie in an item) that one command adds `at` a time; `version` is the session's then."""

    sets: list[Item]
    command_id: str
    correlation_id: str
    version: int
    at: datetime


class Sessions:
    """Sessions of all users. botocore's errors are those worth another try."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, notes: Notes | None = None) -> None:
        self._notes = NotesOf(notes)
        self._dynamodb = dynamodb
        self._table = table

    def append(self, key: keys.Key, addition: Addition) -> tuple[bool, Item | None]:
        """Append sets to an open session of a lower version, unless their command was applied already.

        Whether it was done, and the item after it, or as it is (None: there is none). Refused where the item
        would be too large.
        """
        sets, data_keys = self._notes.sets_written(addition.sets, key)
        update, names, values = _UPDATE, _NAMES, _values(addition, sets)
        if data_keys:  # a set of the item, so that one that it has already is not kept twice
            update, names = f"{_UPDATE} ADD #keys :keys", {**_NAMES, "#keys": KEYS}
            values |= raw({":keys": data_keys})
        for last_try in (*[False] * (_TRIES - 1), True):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=raw(key),
                    ConditionExpression=_CONDITION,
                    UpdateExpression=update,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if last_try or error.response["Error"]["Code"] != "TransactionConflictException":
                    return False, existing(error, self._notes.read) or None
                time.sleep(0.05)
            else:
                return True, self._notes.read(answer["Attributes"])
        raise AssertionError("the last try returns or raises")


def _values(addition: Addition, sets: list[Item]) -> dict[str, Any]:
    return raw(
        {
            ":open": "open",
            ":sets": sets,
            ":room": MOST_SETS - len(addition.sets),
            ":version": addition.version,
            ":edited": time_text(addition.at),
            ":correlation": addition.correlation_id,
            ":command": addition.command_id,
            ":commands": [addition.command_id],
            ":none": [],
        }
    )
