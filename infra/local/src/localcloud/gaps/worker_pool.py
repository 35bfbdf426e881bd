"""A burst of calls queues for a few workers instead of starting one worker each.

AWS: every concurrent call gets an execution environment of its own, on as many machines as it takes.
MiniStack: does the same with processes. On a laptop a hundred calls at once then start a hundred
Python processes on a few cores, and all of them wait for each other.
Bridge: a function has a few workers and further calls wait for a free one. Where none gets free
for half a second (a long call, a function that calls itself) the pool grows by one. Workers start
one after another: importing side by side they would all be ready late, and one that is ready serves
the queue in the meantime.
Limits that AWS enforces (reserved concurrency) are checked before and still throttle.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.core.lambda_runtime:acquire_worker",
    "ministack.core.lambda_runtime:release_worker",
    "ministack.core.lambda_runtime:_worker_key",
    "ministack.core.lambda_runtime:_workers",
    "ministack.core.lambda_runtime:Worker._spawn",
    "ministack.services.lambda_svc:acquire_worker",
    "ministack.services.lambda_svc:release_worker",
)

_WORKERS = max(4, 2 * (os.cpu_count() or 1))
_STUCK_SECONDS = 0.5
# As long as AWS lets an environment start; one that takes longer does not hold up the others.
_START_SECONDS = 10


def apply(_settings: Settings) -> None:
    """Put a queue in front of each function's workers."""
    queues = _Queues(lambda_runtime.acquire_worker, lambda_runtime.release_worker)
    lambda_runtime.acquire_worker = lambda_svc.acquire_worker = queues.acquire
    lambda_runtime.release_worker = lambda_svc.release_worker = queues.release
    spawn = lambda_runtime.Worker._spawn

    def spawn_and_tell(worker: Any) -> None:
        try:
            spawn(worker)
        finally:
            queues.started(worker)

    lambda_runtime.Worker._spawn = spawn_and_tell


class _Queues:
    """Who waits for a worker, by MiniStack's key of the pool (account, region, function, version)."""

    def __init__(self, acquire: Any, release: Any) -> None:
        self._acquire = acquire
        self._release = release
        self._lock = threading.Lock()
        self._waiting: dict[str, threading.Condition] = {}
        self._moved: dict[str, float] = {}
        self._starting: dict[str, dict[int, float]] = {}

    def acquire(
        self,
        function: str,
        config: dict[str, Any],
        code: bytes,
        qualifier: str = "$LATEST",
        max_concurrency: int | None = None,
    ) -> Any:
        """Return MiniStack's (worker, reason), after waiting for one if the pool is all busy."""
        key = lambda_runtime._worker_key(function, config, qualifier)
        with self._lock:
            waiting = self._waiting.setdefault(key, threading.Condition(self._lock))
            while not self._may_have_one(key):
                waiting.wait(_STUCK_SECONDS)
            self._moved[key] = time.monotonic()
            leased = self._acquire(
                function, config, code, qualifier=qualifier, max_concurrency=max_concurrency
            )
            worker = leased[0]
            if worker is not None:
                worker.localcloud_key = key
                if worker._proc is None:
                    self._starting.setdefault(key, {})[id(worker)] = time.monotonic()
        return leased

    def started(self, worker: Any) -> None:
        """The worker is ready, or will never be: the next one may start."""
        key = getattr(worker, "localcloud_key", None)
        if key is None:
            return
        with self._lock:
            if self._starting.get(key, {}).pop(id(worker), None) is not None:
                self._waiting[key].notify()

    def release(self, worker: Any) -> None:
        """Give the worker back; None stands for one that MiniStack has thrown away."""
        if worker is not None:
            self.started(worker)
        with self._lock:
            self._release(worker)
            for key in list(self._waiting) if worker is None else [worker.localcloud_key]:
                self._moved[key] = time.monotonic()
                self._waiting[key].notify()

    def _may_have_one(self, key: str) -> bool:
        workers = lambda_runtime._workers.get(key, [])
        if any(not worker.in_use for worker in workers):
            return True
        now = time.monotonic()
        if any(now - since < _START_SECONDS for since in self._starting.get(key, {}).values()):
            return False
        if len(workers) < _WORKERS:
            return True
        return time.monotonic() - self._moved[key] >= _STUCK_SECONDS
