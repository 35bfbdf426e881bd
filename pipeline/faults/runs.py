"""Runs of one consumer: undisturbed first, then the same inputs for other users under each fault."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from consumer import Consumer, anonymous
from harness import Rule, rule
from letters import Letters

# the column of the table: the kind of rule that the local cloud is asked for
FAULTS = {
    "duplicates": "again",
    "shuffled": "shuffle",
    "crash_before": "crash_before",
    "crash_after": "crash_after",
    "poison": "watch",
    "throttled": "throttle",
}
_PATIENCE_S = 90.0
_LOOK_EVERY_S = 0.15
_SEED = 20261125

Items = Counter[str]


@dataclass(frozen=True)
class Outcome:
    """What came of one run: `letters` in the consumer's last queue, `elsewhere` in any other.

    `poison` is what the poisonous input contains and no other, empty where none was sent.
    """

    consumer: str
    fault: str
    injected: int
    expected: Items
    found: Items
    poison: str
    letters: list[str]
    elsewhere: list[str]
    settled: bool
    seconds: float

    @property
    def lost(self) -> Items:
        """What the undisturbed run has and this one has not."""
        return self.expected - self.found

    @property
    def doubled(self) -> Items:
        """What this run has and the undisturbed one has not, or not so often."""
        return self.found - self.expected


class Runs:
    """The runs of one consumer, one after the other."""

    def __init__(self, consumer: Consumer, letters: Letters) -> None:
        self._consumer = consumer
        self._letters = letters
        self._function = consumer.world.resources[consumer.function]
        self._undisturbed: Items | None = None
        self._unusable: AssertionError | None = None

    def undisturbed(self) -> Items:
        """The end state without a fault; AssertionError where it is not what the inputs amount to."""
        if self._unusable is not None:
            raise self._unusable
        if self._undisturbed is None:
            try:
                self._undisturbed = self._run_undisturbed()
            except AssertionError as error:
                self._unusable = error  # once is enough to wait for it
                raise
        return self._undisturbed

    def _run_undisturbed(self) -> Items:
        users, size = self._consumer.users(), self._consumer.items
        with rule("watch", self._function, users) as armed:
            self._consumer.send(self._consumer.inputs(users))
            found, _ = self._settled(users, armed, lambda items: items.total() >= size)
        assert found.total() == size, f"undisturbed: {size} items expected, found {sorted(found.elements())}"
        assert not self._letters.about(users)
        return found

    def under(self, fault: str) -> Outcome:
        """What comes of the same inputs under `fault`."""
        expected = self.undisturbed()
        consumer, began = self._consumer, time.monotonic()
        users = consumer.users()
        poison = ""
        with rule(FAULTS[fault], self._function, users, seed=_SEED, **self._limits(fault)) as armed:
            if fault == "poison":
                poison, by_hand = self._poisoned(users), 1
            else:
                by_hand = self._send(fault, users, armed)

            def as_undisturbed(items: Items) -> bool:
                return items == expected and bool(self._own(users)) == bool(poison)

            found, settled = self._settled(users, armed, as_undisturbed)
            injected = by_hand + armed.look().injected
        elsewhere = [
            f"{queue}: {body}" for queue, body in self._letters.about(users) if queue != consumer.last_queue
        ]
        return Outcome(
            consumer.name,
            fault,
            injected,
            expected,
            found,
            poison,
            self._own(users),
            elsewhere,
            settled,
            time.monotonic() - began,
        )

    def _own(self, users: Sequence[str]) -> list[str]:
        letters = self._letters.about(users)
        return [body for queue, body in letters if queue == self._consumer.last_queue]

    def _limits(self, fault: str) -> dict[str, object]:
        """Which calls the fault strikes, and how often."""
        if fault == "throttled":
            return {"calls": self._consumer.throttled, "times": self._consumer.throttles}
        return {"calls": self._consumer.effects, "times": self._consumer.crashes}

    def _poisoned(self, users: Sequence[str]) -> str:
        """Send the inputs with poison among them; what it contains."""
        inputs = self._consumer.inputs(users)
        half = len(inputs) // 2
        self._consumer.send(inputs[:half])
        poison = self._consumer.poison(users)
        self._consumer.send(inputs[half:])
        return poison

    def _send(self, fault: str, users: Sequence[str], armed: Rule) -> int:
        """Send the inputs as the fault wants it; how many faults lie in the sending itself."""
        consumer = self._consumer
        inputs = consumer.inputs(users)
        if fault == "shuffled" and not consumer.reads_stream:
            mixed, chance = list(inputs), random.Random(_SEED)
            while mixed == inputs:
                chance.shuffle(mixed)
            consumer.send(mixed)
            return sum(one is not other for one, other in zip(inputs, mixed, strict=True))
        if fault == "shuffled":
            with self._held(armed, len(inputs)):
                consumer.send(inputs)
            return 0
        twice = fault == "duplicates" and consumer.comes_twice
        consumer.send([*inputs, *inputs] if twice else inputs)
        return len(inputs) if twice else 0

    def _settled(
        self, users: Sequence[str], armed: Rule, holds: Callable[[Items], bool]
    ) -> tuple[Items, bool]:
        """The end state once it holds and the function has nothing left to do; False where patience ends."""
        end = time.monotonic() + _PATIENCE_S
        while True:
            before = armed.look()
            found = self._found(users)
            settled = not before.backlog and not before.at_work and holds(found)
            if settled or time.monotonic() > end:
                return found, settled
            self._consumer.time_passes(users, lambda: armed.look().at_work == 0)
            time.sleep(_LOOK_EVERY_S)

    def _found(self, users: Sequence[str]) -> Items:
        items = self._consumer.found(users)
        return Counter(anonymous(json.dumps(item, sort_keys=True), users) for item in items)

    @contextmanager
    def _held(self, armed: Rule, records: int) -> Iterator[None]:
        """Stop the function's event source until so many records wait in it: they come in one batch then."""
        lambda_ = self._consumer.world.lambda_
        found = lambda_.list_event_source_mappings(FunctionName=f"{self._function}:live")
        (mapping,) = found["EventSourceMappings"]
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
            end = time.monotonic() + _PATIENCE_S
            while armed.look().backlog < records and time.monotonic() < end:
                time.sleep(_LOOK_EVERY_S)
        finally:
            lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
