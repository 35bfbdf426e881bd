"""Request headers that say how a call is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wotr_common.problems import FieldError, invalid

_KEY = re.compile(r"[!-~]{1,64}")
_VERSION = re.compile(r'"([1-9][0-9]{0,11})"')


def header(event: Mapping[str, Any], name: str) -> str | None:
    """The request header `name` (in lower case), None where it is absent."""
    for found, value in (event.get("headers") or {}).items():
        if found.lower() == name:
            return str(value)
    return None


def idempotency_key(event: Mapping[str, Any]) -> str | None:
    """`Idempotency-Key`, None where it is absent; Problem 422 where it cannot be one."""
    key = header(event, "idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise invalid(
            [FieldError("Idempotency-Key", "must be 1 to 64 printable ASCII characters without spaces")]
        )
    return key


def if_match(event: Mapping[str, Any]) -> int | None:
    """The version that `If-Match` names, None where it is absent; Problem 422 where it is no version."""
    said = header(event, "if-match")
    if said is None:
        return None
    match = _VERSION.fullmatch(said.strip())
    if match is None:
        raise invalid([FieldError("If-Match", 'must be one version in quotes, such as "3"')])
    return int(match[1])


def etag(version: object) -> dict[str, str]:
    """`ETag` for what is at `version`: the value that `If-Match` takes. Nothing where there is no version."""
    return {} if version is None else {"ETag": f'"{version}"'}
