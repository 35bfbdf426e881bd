"""What tells a workout or session from all others, in every export of it. Plain functions, no AWS."""

from __future__ import annotations

import hashlib
import re

from pydantic import TypeAdapter, ValidationError

from wotr_common import keys
from wotr_common.session import SESSION_ID_PATTERN
from wotr_common.workout import Source
from wotr_workers.formats.parsed import ParsedSession
from wotr_workers.texts.values import shown

_SUFFIX = 10  # digits of a hash of sixteen values each: a person's sessions of one second are told apart
_LONGEST = 256  # characters of an app's id, which becomes a part of a key
_SESSION_ID = re.compile(SESSION_ID_PATTERN, re.ASCII)
_SOURCE: TypeAdapter[str] = TypeAdapter(Source)


class BadIdentity(Exception):
    """A row does not say whose it is in a way that we can keep: `field` is wrong, the message says how."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def checked_source(said: str | None, source: str) -> str:
    """The source that a row of our own export names, else `source`; BadIdentity."""
    if said is None:
        return source
    try:
        return _SOURCE.validate_python(said)
    except ValidationError:
        raise BadIdentity(
            "source", f"must be a short lower-case name such as strava, not {shown(said)}"
        ) from None


def checked_source_id(said: str | None) -> str | None:
    """An app's own id, None where it is blank; BadIdentity where it is longer than any app's."""
    if said is not None and len(said) > _LONGEST:
        raise BadIdentity("sourceId", f"must have at most {_LONGEST} characters")
    return said or None


def session_id(source: str, entry: ParsedSession) -> str:
    """The id of an imported session: its own where our export names it, else one that its identity gives.

    It depends on neither unit nor time zone. BadIdentity where the file's is none.
    """
    if entry.session_id is None:
        digest = hashlib.sha256(f"{source}|{entry.identity}".encode()).hexdigest()
        return keys.session_id(entry.local, digest[:_SUFFIX])
    try:
        if _SESSION_ID.fullmatch(entry.session_id):
            keys.session_date(entry.session_id)
            return entry.session_id
    except ValueError:
        pass
    raise BadIdentity(
        "sessionId", f"looks like 20260301T173000-1a2b3c4d5e, which {shown(entry.session_id)} does not"
    )
