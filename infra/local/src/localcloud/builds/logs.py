"""A build's lines, on their way into its log stream."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

_FLUSH_SECONDS = 0.3
# What one call takes: 10 000 events and 1 MiB, 26 bytes of overhead for each, 256 KiB for one message.
_BATCH_EVENTS, _BATCH_BYTES, _OVERHEAD = 10_000, 1_000_000, 26
_LONGEST = 250_000
_MASK = "***"

_log = logging.getLogger("localcloud")


class LogStream:
    """One stream, made here; lines go out every few tenths of a second and at the end. ClientError."""

    def __init__(self, client: Any, group: str, stream: str, mask: Callable[[], set[str]]) -> None:
        self._client = client
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._mask = mask
        self._waiting: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._create()
        self.note("Build begins")
        self._send(self._taken())
        self._thread = threading.Thread(target=self._run, daemon=True, name="build-log")
        self._thread.start()

    def line(self, said: str) -> None:
        """A line of a command."""
        for secret in self._mask():
            said = said.replace(secret, _MASK)
        event = {"timestamp": int(time.time() * 1000), "message": said[:_LONGEST] or " "}
        with self._lock:
            self._waiting.append(event)

    def note(self, said: str) -> None:
        """A line of the service."""
        self.line(f"[Container] {datetime.now(UTC):%Y/%m/%d %H:%M:%S.%f} {said}")

    def end(self) -> None:
        """Return when all lines are there."""
        self._ends.set()
        self._thread.join(timeout=30)

    def _create(self) -> None:
        try:
            self._client.create_log_stream(**self._names)
        except self._client.exceptions.ResourceNotFoundException:
            # Another build of the project may be making it at this moment.
            with suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_group(logGroupName=self._names["logGroupName"])
            self._client.create_log_stream(**self._names)

    def _run(self) -> None:
        while not self._ends.wait(_FLUSH_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        while events := self._taken():
            try:
                self._send(events)
            except ClientError as error:
                _log.warning("%d lines of %s are lost: %s", len(events), self._names["logGroupName"], error)

    def _taken(self) -> list[dict[str, Any]]:
        with self._lock:
            size = number = 0
            for event in self._waiting[:_BATCH_EVENTS]:
                size += len(event["message"].encode()) + _OVERHEAD
                if size > _BATCH_BYTES and number:
                    break
                number += 1
            taken, self._waiting = self._waiting[:number], self._waiting[number:]
            return taken

    def _send(self, events: list[dict[str, Any]]) -> None:
        self._client.put_log_events(**self._names, logEvents=events)


class NoLog:
    """Where a project wants no log."""

    def line(self, said: str) -> None:
        """Nobody reads it."""

    def note(self, said: str) -> None:
        """Nobody reads it."""

    def end(self) -> None:
        """There is nothing to wait for."""
