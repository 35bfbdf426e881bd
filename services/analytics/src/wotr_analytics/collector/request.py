"""What is kept of a request: bounded, readable, and free of what would let somebody act as its sender."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from wotr_common.workout import canonical_time, time_text

BODY_LIMIT_BYTES = 64 * 1024
# API Gateway takes 10,240 bytes of request line and headers together; each part is held to its share as well.
PATH_LIMIT = 2048
QUERY_LIMIT = 8192
HEADER_LIMIT = 1024
SCHEDULE = "schedule"  # the source of a run that no caller asked for
HIDDEN = "***"

# Named one by one: a header that nobody thought of, such as a new kind of token, is not kept.
HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "content-encoding",
        "content-language",
        "content-type",
        "host",
        "idempotency-key",
        "origin",
        "traceparent",
        "user-agent",
        "x-correlation-id",
        "x-request-id",
    }
)
# What lets somebody act as the sender: as a word of a parameter's name (apiKey, X-Amz-Signature, auth_code) …
_SECRET_WORDS = frozenset(
    {"auth", "authorization", "code", "jwt", "key", "pass", "pwd", "session", "sessionid", "sid", "sig"}
)
# … or anywhere in it (accesstoken, clientsecret).
_SECRET_PARTS = ("apikey", "credential", "passw", "secret", "signature", "token")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


class Omitted(StrEnum):
    """Why a request's body was not kept."""

    TOO_LARGE = "too-large"
    BINARY = "binary"


class NotARun(ValueError):
    """A message that does not say for when a run was scheduled."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is recorded; `body` is None where there was none or it was omitted."""

    request_id: str
    received_at: datetime
    source: str
    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    body_bytes: int = 0
    body_sha256: str | None = None
    omitted: Omitted | None = None
    shortened: tuple[str, ...] = ()

    @property
    def received(self) -> str:
        """The time as it is spelled in the table and in answers."""
        return time_text(self.received_at)


def from_http(event: Mapping[str, Any]) -> Request:
    """The request in an event of API Gateway (HTTP API, payload format 2.0)."""
    context = event["requestContext"]
    http = context["http"]
    shortened: list[str] = []
    path = _bounded("path", event.get("rawPath") or http.get("path") or "/", PATH_LIMIT, shortened)
    query = _bounded("query", without_secrets(event.get("rawQueryString") or ""), QUERY_LIMIT, shortened)
    headers = tuple(
        (name, _bounded(name, value, HEADER_LIMIT, shortened))
        for name, value in sorted(
            (name.lower(), value) for name, value in (event.get("headers") or {}).items()
        )
        if name in HEADERS
    )
    sent = _sent(event)
    body, omitted = _kept(sent)
    return Request(
        request_id=_plain(context["requestId"]),
        received_at=datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC),
        source=_plain(http.get("sourceIp") or "unknown"),
        method=_plain(http["method"]),
        path=path,
        query=query,
        headers=headers,
        body=body,
        body_bytes=len(sent),
        body_sha256=hashlib.sha256(sent).hexdigest() if sent else None,
        omitted=omitted,
        shortened=tuple(shortened),
    )


def from_schedule(message: str) -> Request:
    """The run that a schedule's message asks for; NotARun where it does not say when it was due.

    Its id follows from that time, so that a message which comes twice is recorded once.
    """
    try:
        said = json.loads(message)["scheduledAt"]
        due = datetime.fromisoformat(said)
        due = canonical_time(due) if due.tzinfo else due
    except (ValueError, TypeError, KeyError) as error:
        raise NotARun('a run is {"scheduledAt": "2026-11-25T06:00:00Z"}') from error
    if due.tzinfo is None:
        raise NotARun("scheduledAt must name its zone")
    return Request(
        request_id=f"{SCHEDULE}-{due:%Y%m%dT%H%M%SZ}",
        received_at=due,
        source=SCHEDULE,
        method="RUN",
        path="/",
    )


def without_secrets(query: str) -> str:
    """A raw query string with the values hidden that their names give away as keys, tokens or passwords."""
    return "&".join(_pair_without_secret(pair) for pair in query.split("&")) if query else ""


def _pair_without_secret(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={HIDDEN}" if equals and _is_secret(unquote_plus(name)) else pair


def _is_secret(name: str) -> bool:
    words = {word.lower() for word in _WORD.findall(name)}
    whole = name.lower()
    return not words.isdisjoint(_SECRET_WORDS) or any(part in whole for part in _SECRET_PARTS)


def _sent(event: Mapping[str, Any]) -> bytes:
    """The body's bytes as they were sent: API Gateway makes base64 of all that it does not know as text."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            pass  # the flag was wrong: then the text itself is what came
    return str(body).encode(errors="surrogatepass")


def _kept(sent: bytes) -> tuple[str | None, Omitted | None]:
    """The body as text, and why it was omitted."""
    if not sent:
        return None, None
    if len(sent) > BODY_LIMIT_BYTES:
        return None, Omitted.TOO_LARGE
    try:
        text = sent.decode()
    except UnicodeDecodeError:
        return None, Omitted.BINARY
    return (None, Omitted.BINARY) if "\0" in text else (text, None)


def _bounded(name: str, value: Any, limit: int, shortened: list[str]) -> str:
    text = _plain(value)
    if len(text.encode()) <= limit:
        return text
    shortened.append(name)
    return text.encode()[:limit].decode(errors="ignore")


def _plain(value: Any) -> str:
    """`value` as text that UTF-8 can hold: half of a surrogate pair becomes a question mark."""
    return str(value).encode(errors="replace").decode()
