"""`nextToken`: where a list goes on. Signed, and good only for the list and the caller it was made for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from wotr_api.kept_secret import Values
from wotr_common.problems import FieldError, Problem, invalid

MAX_AGE_S = 60 * 60
PARAMETER = "nextToken"
# Base64 decoding skips foreign characters and ignores surplus bits: several texts would carry one signature.
# The alphabet rules out the first, a digest of 48 bytes (64 characters, each used whole) the second.
_ALPHABET = re.compile(r"[A-Za-z0-9_.-]{1,8192}")
_SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha384}


class Secret(Protocol):
    """What the tokens are signed with: as it is known here, and as it is now."""

    def get(self) -> Values: ...

    def newest(self) -> Values: ...


class PageTokens:
    """Signs tokens with the value in force, reads also those that were signed with the one before it."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def issue(self, position: Mapping[str, Any], fingerprint: str) -> str:
        """A token for `position` (JSON) in the list that `fingerprint` names."""
        return str(_serializer(self._secret.get(), fingerprint).dumps(position))

    def read(self, token: str, fingerprint: str) -> dict[str, Any]:
        """The position in `token`; Problem 422 where it is damaged, of another list or an hour old."""
        if not _ALPHABET.fullmatch(token):
            raise _refused("is not a token of this API")
        try:
            return self._position(token, fingerprint)
        except SignatureExpired as error:
            raise _refused("has expired; begin the list again without it") from error
        except BadSignature as error:
            raise _refused(
                "is not a token of this list: send it with the same filters and by the same caller"
            ) from error

    def _position(self, token: str, fingerprint: str) -> dict[str, Any]:
        known = self._secret.get()
        try:
            return _loaded(known, token, fingerprint)
        except SignatureExpired:
            raise
        except BadSignature:
            newest = self._secret.newest()
            if newest.version == known.version:
                raise
            return _loaded(newest, token, fingerprint)


def _loaded(values: Values, token: str, fingerprint: str) -> dict[str, Any]:
    position: dict[str, Any] = _serializer(values, fingerprint).loads(token, max_age=MAX_AGE_S)
    return position


def _serializer(values: Values, fingerprint: str) -> URLSafeTimedSerializer:
    keys = [key for key in (values.previous, values.current) if key]  # the last one signs, each is accepted
    return URLSafeTimedSerializer(keys, salt=fingerprint, signer_kwargs=_SIGNER)


def fingerprint(caller: str, route: str, filters: Mapping[str, Any]) -> str:
    """Names one list: who asks, where, and with which filters (page size and token are none)."""
    said = json.dumps([caller, route, sorted(filters.items())], separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _refused(message: str) -> Problem:
    return invalid([FieldError(PARAMETER, message)])
