"""HTTP as the stage's callers use it: one pool, time limits, answers that are read whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

Body = Mapping[str, Any] | list[Any] | bytes | None

_POOL = urllib3.PoolManager(
    maxsize=100, block=False, retries=False, timeout=urllib3.Timeout(connect=5, read=60)
)


class StageError(Exception):
    """The stage cannot be used as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one HTTP call; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        """The body's JSON value."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP call, ready to be sent."""

    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]

    def send(self) -> Answer:
        """Send it; no redirects, no retries."""
        return send(self.method, self.url, self.body, self.headers)


def payload(body: Body) -> bytes | None:
    """The bytes to send: JSON for values, bytes as they are."""
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def send(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """One HTTP call; no redirects, no retries."""
    try:
        answer = _POOL.request(method, url, body=body, headers=dict(headers), redirect=False)
    except urllib3.exceptions.HTTPError as error:
        raise StageError(f"{method} {url} got no answer: {error}") from error
    return Answer(
        answer.status,
        {name.lower(): value for name, value in answer.headers.items()},
        answer.data.decode("utf-8", "replace"),
    )
