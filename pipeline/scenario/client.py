"""Somebody who calls prod all the time, and notes what came back and from which version."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from changes import VERSION

from stage_client import Stage, StageError
from stage_client.answers import Answer

A_SECOND = 8
_CALLERS = 4  # a laptop serves them beside the pipeline's own traffic
USER = "scenario-client"


@dataclass(frozen=True)
class Call:
    """One call: when its answer came, its status (0 for none), and the version that answered, if it says."""

    at: datetime
    status: int
    version: str

    @property
    def failed(self) -> bool:
        return self.status == 0 or self.status >= 500


@dataclass
class Calls:
    """The calls of one stretch of time."""

    made: list[Call] = field(default_factory=list)

    @property
    def failed(self) -> list[Call]:
        return [call for call in self.made if call.failed]

    @property
    def share(self) -> float:
        """The share of calls that failed."""
        return len(self.failed) / len(self.made) if self.made else 0.0

    def of(self, version: str) -> list[Call]:
        """The calls that ``version`` answered."""
        return [call for call in self.made if call.version == version]

    def within(self, start: datetime, end: datetime) -> list[Call]:
        """The calls that were answered from ``start`` to ``end``."""
        return [call for call in self.made if start <= call.at <= end]

    def felt(self, version: str) -> timedelta:
        """From the first call that failed, or that ``version`` answered, to the last."""
        times = [call.at for call in self.made if call.failed or call.version == version]
        return max(times) - min(times) if times else timedelta()


class Client:
    """Calls health, reading and accepting in turn, some eight times a second."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._role = stage.outputs("auth")["MachineClientRoleArn"]
        self._calls: list[Call] = []
        self._stop = threading.Event()

    @contextmanager
    def calling(self) -> Iterator[Calls]:
        """Call while the block runs; its calls are complete when it has ended."""
        calls = Calls()
        self._stop.clear()
        thread = threading.Thread(target=self._run, args=(calls,), name="client")
        thread.start()
        try:
            yield calls
        finally:
            self._stop.set()
            thread.join()

    def _run(self, calls: Calls) -> None:
        with ThreadPoolExecutor(_CALLERS) as callers:
            for call in itertools.cycle((self._health, self._read, self._post)):
                if self._stop.wait(1 / A_SECOND):
                    return
                callers.submit(partial(_note, calls, call))

    def _health(self) -> Answer:
        return self._stage.call("GET", "/health")

    def _read(self) -> Answer:
        window = {"from": "2001-06-01T00:00:00Z", "to": "2001-06-02T00:00:00Z"}
        return self._stage.signed("GET", "/workouts", query=window, role_arn=self._role)

    def _post(self) -> Answer:
        body = {"userId": USER, "type": "run", "startedAt": "2001-06-01T06:00:00Z", "durationMin": 30}
        return self._stage.signed("POST", "/workouts", body, role_arn=self._role)


def _note(calls: Calls, call: Callable[[], Answer]) -> None:
    try:
        answer = call()
        status, version = answer.status, answer.headers.get(VERSION, "")
    except StageError:
        status, version = 0, ""
    calls.made.append(Call(datetime.now(UTC), status, version))
