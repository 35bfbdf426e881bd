"""Builds that wait and builds that run: how many at once, how long they may wait, how they are stopped."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from pathlib import Path

from ministack.core.responses import get_account_id, get_region, request_scope

from localcloud.builds import records
from localcloud.builds.machine import Image
from localcloud.builds.run import Order, Run
from localcloud.services import Body

TOUCHES = ("ministack.core.responses:request_scope",)

# AWS counts builds by their size. Here small ones are apart, and all larger ones want the processors.
_SMALL_AT_ONCE = 8
# A minute of time-outs, which are real time whatever the clock of alarms does.
MINUTE_SECONDS = 60.0
_LARGER_AT_ONCE = max(2, (os.cpu_count() or 2) // 2)

_log = logging.getLogger("localcloud")


class Work:
    """All builds of this server. ``directory`` is for them alone, ``image`` what they run in."""

    def __init__(self, directory: Path, image: Image) -> None:
        self._directory = directory
        self._shelf = directory / "cache"
        self._image = image
        self._lock = threading.RLock()
        self._orders: dict[tuple[str, str, str], Order] = {}
        self._waiting: list[tuple[str, str, str]] = []
        self._running: dict[tuple[str, str, str], str] = {}

    def clear(self) -> None:
        """Remove what builds of a killed server left behind."""
        if self._directory.is_dir():
            for left in self._directory.iterdir():
                if left != self._shelf:
                    shutil.rmtree(left, ignore_errors=True)
            shutil.rmtree(self._shelf / "gone", ignore_errors=True)

    def submit(self, order: Order) -> None:
        """Begin a build now, or when its turn comes."""
        key = (get_account_id(), get_region(), order.build)
        with self._lock:
            self._orders[key] = order
            self._waiting.append(key)
        self._begin_what_may()
        threading.Thread(target=self._expire, args=(key,), daemon=True, name="build-queue").start()

    def stop(self, build: str) -> None:
        """Stop a build, whether it runs or waits; nothing where it does neither."""
        key = (get_account_id(), get_region(), build)
        with self._lock:
            order = self._orders.get(key)
            waits = key in self._waiting
            if waits:
                self._waiting.remove(key)
        if order is not None:
            order.stop.set()
        if waits:
            self._end(key, "STOPPED", "Build was stopped")

    def under_way(self, project: str) -> int:
        """How many builds of a project run or wait."""
        scope = (get_account_id(), get_region())
        with self._lock:
            return sum(key[:2] == scope and key[2].startswith(f"{project}:") for key in self._orders)

    def forget(self) -> None:
        """Stop everything."""
        with self._lock:
            for order in self._orders.values():
                order.stop.set()
            self._waiting.clear()

    def _begin_what_may(self) -> None:
        with self._lock:
            for key in list(self._waiting):
                size = self._size(key)
                small = size == records.SMALL
                like_it = sum((each == records.SMALL) == small for each in self._running.values())
                if like_it < (_SMALL_AT_ONCE if small else _LARGER_AT_ONCE):
                    self._waiting.remove(key)
                    self._running[key] = size
                    threading.Thread(target=self._run, args=(key,), daemon=True, name="build").start()

    def _size(self, key: tuple[str, str, str]) -> str:
        with request_scope(*key[:2]):
            return str(records.told(records.builds, key[2])["environment"]["computeType"])

    def _run(self, key: tuple[str, str, str]) -> None:
        order = self._orders[key]
        directory = self._directory / order.build.partition(":")[2]
        with request_scope(*key[:2]):
            _end_queue(order.build, "SUCCEEDED", {"statusCode": "", "message": ""})
            try:
                directory.mkdir(parents=True)
                status = Run(order, directory, self._shelf, self._image).work()
                self._end(key, status)
            except Exception as error:  # noqa: BLE001 - the build tells it, the log has the trace
                _log.exception("build %s", order.build)
                self._fault(key, f"{type(error).__name__}: {error}")
            finally:
                shutil.rmtree(directory, ignore_errors=True)
                with self._lock:
                    self._running.pop(key, None)
                self._begin_what_may()

    def _end(self, key: tuple[str, str, str], status: str, why: str = "") -> None:
        with request_scope(*key[:2]), self._lock:
            self._orders.pop(key, None)
            if why:
                _end_queue(key[2], status, {"statusCode": f"BUILD_{status}", "message": why})
            with records.lock:
                if (record := records.builds.get(key[2])) is not None:
                    now = time.time()
                    record["phases"].append({"phaseType": "COMPLETED", "startTime": now})
                    record |= {"buildStatus": status, "endTime": now}
                    record |= {"currentPhase": "COMPLETED", "buildComplete": True}

    def _fault(self, key: tuple[str, str, str], reason: str) -> None:
        with self._lock, records.lock:
            self._orders.pop(key, None)
            if (record := records.builds.get(key[2])) is not None:
                records.fault(record, reason)

    def _expire(self, key: tuple[str, str, str]) -> None:
        """End a build that waits longer than its project lets it."""
        with request_scope(*key[:2]):
            minutes = records.told(records.builds, key[2])["queuedTimeoutInMinutes"]
        self._orders_wait(key, minutes * MINUTE_SECONDS)
        with self._lock:
            waits = key in self._waiting
            if waits:
                self._waiting.remove(key)
        if waits:
            self._end(key, "TIMED_OUT", f"Build waited {minutes} minutes for its turn")

    def _orders_wait(self, key: tuple[str, str, str], seconds: float) -> None:
        until = time.monotonic() + seconds
        while key in self._waiting and time.monotonic() < until:
            time.sleep(min(1.0, max(0.01, until - time.monotonic())))


def _end_queue(build: str, status: str, context: Body) -> None:
    with records.lock:
        if (record := records.builds.get(build)) is not None:
            phase, now = record["phases"][-1], time.time()
            phase |= {"endTime": now, "durationInSeconds": round(now - phase["startTime"])}
            phase |= {"phaseStatus": status, "contexts": [context]}
