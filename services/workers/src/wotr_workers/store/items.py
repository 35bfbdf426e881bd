"""Items as Python has them and as DynamoDB spells them, and why one is not stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from wotr_common import keys
from wotr_common.notes import KEYS, UNREADABLE, Notes, bare, has_notes

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_INVALID = {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceededException"}


class Refused(Exception):
    """DynamoDB will never take this item; the message says why, in its own words."""

    @property
    def too_large(self) -> bool:
        """Whether the item has more than an item may have, 400 KB."""
        return "maximum allowed size" in str(self)


class NotesUnreadable(Refused):
    """What is stored of an item's notes cannot be read, and storing the item again would lose them."""


class NotRead(Exception):
    """DynamoDB was too busy to read all that was asked for."""


class Changed(Exception):
    """What is stored is no longer what was read: nothing was written. Read again and decide again."""


def raw(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB's API spells it: `{"n": {"N": "1"}}`."""
    return {name: _serialize(value) for name, value in item.items()}


def plain(item: Mapping[str, Any]) -> Item:
    """An item as Python has it, from DynamoDB's spelling."""
    return {name: _deserialize(value) for name, value in item.items()}


def streamed(said: Mapping[str, Any]) -> Item:
    """An item of the table's stream, without its notes: no reader of the stream may open them.

    There binary values are texts in Base64; ours are sealed, all of them, and left out before anything is
    made of them.
    """
    return bare(plain(_unsealed(said)))


def _unsealed(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _within(value) for name, value in said.items() if not _is_binary(value)}


def _within(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "M" in value:
        return {"M": _unsealed(value["M"])}
    if "L" in value:
        return {"L": [_within(each) for each in value["L"] if not _is_binary(each)]}
    return value


def _is_binary(value: Mapping[str, Any]) -> bool:
    return "B" in value or "BS" in value


def existing(error: ClientError, read: Callable[[Mapping[str, Any]], Item] = plain) -> Item:
    """What a put found at its key, as `read` reads it, empty for nothing.

    Raises Refused or `error` itself where that is not why it failed.
    """
    answer: Mapping[str, Any] = error.response
    code = answer["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        found = answer.get("Item")
        return read(found) if found else {}
    if code in _INVALID:
        raise Refused(f"DynamoDB refuses it: {answer['Error']['Message']}") from error
    raise error


class NotesOf:
    """How a function deals with the notes of items: it seals and opens them with `notes`, or has none."""

    def __init__(self, notes: Notes | None) -> None:
        self._notes = notes

    def read(self, said: Mapping[str, Any]) -> Item:
        """An item as Python has it, from DynamoDB's spelling: with its notes, or without any."""
        item = plain(said)
        return self._notes.opened(item) if self._notes else bare(item)

    def written(self, item: Item, key: keys.Key | None = None, before: Item | None = None) -> Item:
        """What to store for `item`, which lies at `key` where it does not say so itself.

        NotesUnreadable where some of it, or of what was `before`, could not be read: they would be lost.
        """
        if UNREADABLE in item or (before is not None and UNREADABLE in before) or _keeps_unreadable(item):
            raise NotesUnreadable("what is stored of its notes cannot be read, and would be lost")
        if self._notes:
            return self._notes.sealed(item, key)
        if has_notes(item):
            raise ValueError("this function has no key for notes, and must not store any")
        return item

    def sets_written(self, sets: list[Item], session: keys.Key) -> tuple[list[Item], set[bytes]]:
        """What to append for `sets`, and the data keys to add to the item at `session`."""
        written = self.written({"sets": sets}, session)
        return written["sets"], written.get(KEYS, set())


def _keeps_unreadable(item: Item) -> bool:
    return any(isinstance(kept, dict) and UNREADABLE in kept for kept in item.values())
