"""Notes of items: sealed in the table, in the clear above it.

Whatever an item holds under the name `notes`, at any depth (of a workout, a session, a set, or of an image of
one that an import keeps), is sealed for that item and that field. So are, beside notes, the hashes of what
was said: a short note could be guessed from them. The data keys of an item lie in its attribute `noteKeys`,
each once. Sets have no name of their own, because they are appended without a read: within one session their
notes are bound to the session and to being a set's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wotr_common import keys
from wotr_common.envelope import DataKey, DataKeys, Place, Unreadable, data_key_of, key_id
from wotr_common.observability import MetricUnit, logger, metrics

KEYS = "noteKeys"
NOTES = "notes"
UNREADABLE = "notesUnreadable"  # true: some were left out, so the item must not be stored again
WARNING = "notes: what is stored of them cannot be read, and was left out"
_HASHES = ("contentHash", "sourceHash")
_SEALED = (NOTES, *_HASHES)

Item = dict[str, Any]
_Each = Callable[[str, Any], Any]  # (field, value) -> what stands there instead


class Dropped:
    """What stands for a value that is to be left out."""


class Notes:
    """Seals the notes of items and opens them, with data keys of `data_keys`."""

    def __init__(self, data_keys: DataKeys) -> None:
        self._keys = data_keys

    def sealed(self, item: Mapping[str, Any], key: keys.Key | None = None) -> Item:
        """`item` as the table may hold it; `key` says where it lies, where the item itself does not."""
        pk, sk = (key["pk"], key["sk"]) if key else (item[keys.PK], item[keys.SK])
        used: list[DataKey] = []

        def seal(field: str, value: Any) -> Any:
            if not isinstance(value, str):
                return value
            user_id = keys.owner_of(pk)
            if not used:
                used.append(self._keys.sealing(user_id))
            return used[0].seal(value, Place(user_id, pk, sk, field))

        made: Item = _walked({name: value for name, value in item.items() if name != KEYS}, "", seal)
        return {**made, KEYS: {used[0].entry}} if used else made

    def opened(self, item: Mapping[str, Any]) -> Item:
        """`item` as it was before it was sealed; what never was is taken as it is.

        What cannot be read is left out: the item says so among its warnings, the log says which and why.
        Errors of botocore where KMS does not answer.
        """
        pk, sk = str(item[keys.PK]), str(item[keys.SK])
        entries = {key_id(entry): entry for entry in entries_of(item)}
        faults: list[str] = []

        def open_(field: str, value: Any) -> Any:
            if isinstance(value, str):
                return value
            try:
                return self._opened(_bytes(value), entries, Place(keys.owner_of(pk), pk, sk, field))
            except Unreadable as error:
                faults.append(f"{field}: {error}")
                return Dropped

        made: Item = _walked({name: value for name, value in item.items() if name != KEYS}, "", open_)
        if faults:
            logger.error("notes cannot be read", pk=pk, sk=sk, why=faults[:10], count=len(faults))
            metrics.add_metric("NotesUnreadable", MetricUnit.Count, len(faults))
            made |= {"warnings": [*made.get("warnings", ()), WARNING], UNREADABLE: True}
        return made

    def _opened(self, sealed: bytes, entries: Mapping[bytes, bytes], place: Place) -> str:
        entry = entries.get(data_key_of(sealed))
        if entry is None:
            raise Unreadable("the item does not hold its data key")
        return self._keys.opening(place.user_id, entry).open(sealed, place)


def entries_of(item: Mapping[str, Any]) -> list[bytes]:
    """The entries of the data keys that `item` holds."""
    found = item.get(KEYS)
    return [_bytes(entry) for entry in found] if isinstance(found, (set, frozenset)) else []


def bare(item: Mapping[str, Any]) -> Item:
    """`item` without its notes, for whoever has nothing to do with them."""

    def drop(field: str, value: Any) -> Any:
        return Dropped if field.rpartition(".")[2] == NOTES or not isinstance(value, str) else value

    made: Item = _walked({name: value for name, value in item.items() if name != KEYS}, "", drop)
    return made


def has_notes(item: Mapping[str, Any]) -> bool:
    """Whether `item` holds notes in the clear."""
    found: list[str] = []
    _walked(item, "", lambda field, value: found.append(field) if isinstance(value, str) else None)
    return bool(found)


def _bytes(value: Any) -> bytes:
    """A binary value as Python has it, from boto3's or Python's; none where it is something else."""
    found = getattr(value, "value", value)
    return found if isinstance(found, bytes) else b""


def _walked(value: Any, field: str, each: _Each) -> Any:
    """`value` with `each` done to whatever is, or may be, sealed in it."""
    if isinstance(value, Mapping):
        names = _SEALED if NOTES in value else ()
        found = {
            name: each(f"{field}{name}", inner)
            if name in names or (name in _HASHES and not isinstance(inner, str))
            else _walked(inner, f"{field}{name}.", each)
            for name, inner in value.items()
        }
        return {name: inner for name, inner in found.items() if inner is not Dropped}
    if isinstance(value, list):
        return [_walked(inner, field, each) for inner in value]
    return value
