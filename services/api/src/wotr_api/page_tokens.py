"""`nextToken`: where a list goes on. Signed, and good only for the list and the caller it was made for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from wotr_common.problems import FieldError, Problem, invalid

MAX_AGE_S = 60 * 60
PARAMETER = "nextToken"
# Base64 decoding skips foreign characters and ignores surplus bits: several texts would carry one signature.
# The alphabet rules out the first, a digest of 48 bytes (64 characters, each used whole) the second.
_ALPHABET = re.compile(r"[A-Za-z0-9_.-]{1,8192}")
_SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha384}


class PageTokens:
    """Signs and reads tokens; `secret` is asked for when the first one is needed."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    def issue(self, position: Mapping[str, Any], fingerprint: str) -> str:
        """A token for `position` (JSON) in the list that `fingerprint` names."""
        return str(self._serializer(fingerprint).dumps(position))

    def read(self, token: str, fingerprint: str) -> dict[str, Any]:
        """The position in `token`; Problem 422 where it is damaged, of another list or an hour old."""
        if not _ALPHABET.fullmatch(token):
            raise _refused("is not a token of this API")
        try:
            position: dict[str, Any] = self._serializer(fingerprint).loads(token, max_age=MAX_AGE_S)
        except SignatureExpired as error:
            raise _refused("has expired; begin the list again without it") from error
        except BadSignature as error:
            raise _refused(
                "is not a token of this list: send it with the same filters and by the same caller"
            ) from error
        return position

    def _serializer(self, fingerprint: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret(), salt=fingerprint, signer_kwargs=_SIGNER)


def fingerprint(caller: str, route: str, filters: Mapping[str, Any]) -> str:
    """Names one list: who asks, where, and with which filters (page size and token are none)."""
    said = json.dumps([caller, route, sorted(filters.items())], separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _refused(message: str) -> Problem:
    return invalid([FieldError(PARAMETER, message)])
