"""Envelope encryption of what is sensitive in items: texts under AES-256-GCM, their data keys under KMS.

The data key's encryption context at KMS names the user and the purpose. The text itself is bound to user,
item and field as GCM's additional data: what was put elsewhere, or is not whole, is refused. A context at KMS
that named the item too would cost a call for each item, and no data key could serve two.

A sealed text is `version, first 8 bytes of SHA-256 of its data key's entry, nonce, ciphertext, tag`; the
entry, kept once in the item, is `version, length of the KMS key's id, that id, what KMS wrapped`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from mypy_boto3_kms import KMSClient

PURPOSE = "notes"
MAX_AGE_S = (
    300  # how long a data key is kept in a process, and so how long the one before a new KMS key is used
)
MAX_TEXTS = 10_000  # that one data key seals; GCM's random nonces would bear 2**32
_MOST_KEPT = 500  # data keys in a process
_VERSION = b"\x01"
_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 12, 16
_HEAD_BYTES = 1 + _ID_BYTES + _NONCE_BYTES
# What KMS says of a data key that it never wrapped so, or whose key is gone for good.
_NEVER = {"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException", "ValidationException"}


class Unreadable(Exception):
    """A sealed text that is not whole, or lies where it was not sealed for; the message says which."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text lies: whose item, which one, and the field in it, such as ``sets.notes``."""

    user_id: str
    pk: str
    sk: str
    field: str

    def bound(self) -> bytes:
        """The place in one unambiguous spelling."""
        return json.dumps([1, self.user_id, self.pk, self.sk, self.field]).encode()


@dataclass(slots=True)
class DataKey:
    """A data key in the clear, with its entry for items."""

    entry: bytes
    cipher: AESGCM
    until: float
    texts: int = 0

    def seal(self, text: str, place: Place) -> bytes:
        """`text` for nobody but who may ask KMS for this key, and for `place` only."""
        nonce = os.urandom(_NONCE_BYTES)
        self.texts += 1
        sealed = self.cipher.encrypt(nonce, text.encode(), place.bound())
        return _VERSION + key_id(self.entry) + nonce + sealed

    def open(self, sealed: bytes, place: Place) -> str:
        """The text; Unreadable where it was changed or sealed for another place."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - loaded already, with the cipher

        nonce = sealed[1 + _ID_BYTES : _HEAD_BYTES]
        try:
            return self.cipher.decrypt(nonce, sealed[_HEAD_BYTES:], place.bound()).decode()
        except InvalidTag as error:
            raise Unreadable("it was changed, or sealed for another item, user or field") from error


class DataKeys:
    """Data keys of all users, each kept for `MAX_AGE_S` seconds at most.

    `alias` names the KMS key that new ones are made under; old ones say themselves whose they are. `kms`
    gives the client: most processes never need one. Errors of botocore say that KMS does not answer, or
    refuses.
    """

    def __init__(
        self,
        kms: Callable[[], KMSClient],
        alias: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kms = kms
        self._alias = alias
        self._clock = clock
        self._lock = Lock()
        self._sealing: OrderedDict[str, DataKey] = OrderedDict()
        self._opening: OrderedDict[tuple[str, bytes], DataKey] = OrderedDict()

    def sealing(self, user_id: str) -> DataKey:
        """The key to seal texts of a user with."""
        with self._lock:
            kept = self._sealing.get(user_id)
            if kept is None or kept.until <= self._clock() or kept.texts >= MAX_TEXTS:
                kept = self._made(user_id)
                _keep(self._sealing, user_id, kept)
                _keep(self._opening, (user_id, kept.entry), kept)
            return kept

    def opening(self, user_id: str, entry: bytes) -> DataKey:
        """The key whose `entry` an item of the user holds; Unreadable where KMS never wrapped it so."""
        with self._lock:
            kept = self._opening.get((user_id, entry))
            if kept is None or kept.until <= self._clock():
                kept = self._unwrapped(user_id, entry)
                _keep(self._opening, (user_id, entry), kept)
            return kept

    def _made(self, user_id: str) -> DataKey:
        made = self._kms().generate_data_key(
            KeyId=self._alias, KeySpec="AES_256", EncryptionContext=context(user_id)
        )
        name = made["KeyId"].rpartition("/")[2].encode()
        entry = _VERSION + bytes([len(name)]) + name + made["CiphertextBlob"]
        return self._key(entry, made["Plaintext"])

    def _unwrapped(self, user_id: str, entry: bytes) -> DataKey:
        kms_key, wrapped = kms_key_of(entry), entry[2 + entry[1] :]
        try:
            found = self._kms().decrypt(
                KeyId=kms_key, CiphertextBlob=wrapped, EncryptionContext=context(user_id)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NEVER:
                raise
            raise Unreadable("KMS never wrapped its data key for this user") from error
        return self._key(entry, found["Plaintext"])

    def _key(self, entry: bytes, plaintext: bytes) -> DataKey:
        # Late: 20 ms of import that items without notes need not wait for.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        try:
            cipher = AESGCM(plaintext)
        except ValueError as error:
            raise Unreadable("its data key has another length") from error
        return DataKey(entry, cipher, self._clock() + MAX_AGE_S)


def context(user_id: str) -> Mapping[str, str]:
    """What KMS binds a data key to. It is no secret: CloudTrail shows it."""
    return {"purpose": PURPOSE, "user": user_id}


def key_id(entry: bytes) -> bytes:
    """How sealed texts name the data key of an `entry`."""
    return hashlib.sha256(entry).digest()[:_ID_BYTES]


def kms_key_of(entry: bytes) -> str:
    """The id of the KMS key that an item's `entry` names; Unreadable where it names none."""
    if len(entry) < 2 or entry[:1] != _VERSION or len(entry) <= 2 + entry[1]:
        raise Unreadable("its data key is not whole, or of a later version")
    return entry[2 : 2 + entry[1]].decode("ascii", "replace")


def data_key_of(sealed: bytes) -> bytes:
    """How a sealed text names its data key; Unreadable where it cannot be one."""
    if sealed[:1] != _VERSION:
        raise Unreadable("it is of no version that is known here")
    if len(sealed) < _HEAD_BYTES + _TAG_BYTES:
        raise Unreadable("it was cut short")
    return sealed[1 : 1 + _ID_BYTES]


def _keep(kept: OrderedDict[Any, DataKey], name: Any, key: DataKey) -> None:
    kept[name] = key
    kept.move_to_end(name)
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)
