"""DynamoDB clients that fail at one of their writes, and that do one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock, RLock
from typing import Any, Literal

from botocore.exceptions import ClientError

_WRITES = frozenset({"put_item", "update_item", "delete_item", "transact_write_items", "batch_write_item"})

# Before it, or after it so that nobody hears of its success; as an error, or by the end of the process.
Failure = Literal["throttled", "unheard", "killed before", "killed after"]


class OneAtATime:
    """`client` for several threads: the emulation in memory can be called by one only."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = RLock()

    def __getattr__(self, name: str) -> Any:
        if name == "get_paginator":
            return lambda operation: _Pages(self._client.get_paginator(operation), self._lock)

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(*arguments, **named)

        return call


class _Pages:
    def __init__(self, paginator: Any, lock: Any) -> None:
        self._paginator = paginator
        self._lock = lock

    def paginate(self, **named: Any) -> Iterator[Any]:
        pages = iter(self._paginator.paginate(**named))
        while True:
            with self._lock:
                page = next(pages, None)
            if page is None:
                return
            yield page


class Killed(BaseException):
    """The process is no more: nothing that would run after an error runs."""


class Chaos:
    """`client`, whose write number `at` (from 0) fails; `fired` says whether it came so far."""

    def __init__(self, client: Any, at: int, failure: Failure) -> None:
        self._client = client
        self._left = at
        self._failure = failure
        self._lock = Lock()
        self.fired = False

    def __getattr__(self, name: str) -> Any:
        if name not in _WRITES and not name.startswith(("get_", "batch_get")):
            return getattr(self._client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if self.fired and self._failure.startswith("killed"):
                raise Killed
            if name not in _WRITES or not self._turn():
                return getattr(self._client, name)(*arguments, **named)
            if self._failure in ("unheard", "killed after"):
                getattr(self._client, name)(*arguments, **named)
            if self._failure.startswith("killed"):
                raise Killed
            code = (
                "ProvisionedThroughputExceededException" if self._failure == "throttled" else "InternalError"
            )
            raise ClientError({"Error": {"Code": code, "Message": "chaos"}}, name)

        return call

    def _turn(self) -> bool:
        with self._lock:
            self._left -= 1
            if self._left == -1:
                self.fired = True
                return True
            return False
