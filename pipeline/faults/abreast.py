"""All chosen consumers side by side, the runs of each one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from consumer import Consumer, World
from letters import Letters
from runs import Outcome, Runs


class Abreast:
    """Begins at once; `outcome` waits for one run. `outcomes` are those that there are so far."""

    def __init__(self, world: World, chosen: Mapping[type[Consumer], Sequence[str]]) -> None:
        letters = Letters(world)
        self.outcomes: list[Outcome] = []
        self._consumers = {kind(world): faults for kind, faults in chosen.items()}
        self._waiting: dict[tuple[str, str], Future[Outcome]] = {
            (consumer.name, fault): Future()
            for consumer, faults in self._consumers.items()
            for fault in faults
        }
        self._pool = ThreadPoolExecutor(max(1, len(self._consumers)))
        for consumer, faults in self._consumers.items():
            self._pool.submit(self._run, Runs(consumer, letters), consumer.name, faults)

    def outcome(self, consumer: str, fault: str) -> Outcome:
        """What came of that run; raises what it failed with."""
        return self._waiting[consumer, fault].result()

    def close(self) -> None:
        """Wait for what still runs, and take back what the consumers needed."""
        self._pool.shutdown()
        for consumer in self._consumers:
            consumer.close()

    def _run(self, runs: Runs, consumer: str, faults: Sequence[str]) -> None:
        for fault in faults:
            future = self._waiting[consumer, fault]
            try:
                outcome = runs.under(fault)
            except Exception as error:  # noqa: BLE001 - it is the failure of the test that waits for this run
                future.set_exception(error)
            else:
                self.outcomes.append(outcome)
                future.set_result(outcome)
