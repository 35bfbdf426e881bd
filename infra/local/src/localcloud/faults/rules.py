"""What is done to which call or delivery: decided here, done in ``injection``."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

KINDS = ("crash_before", "crash_after", "throttle", "again", "shuffle", "watch")
Record = dict[str, Any]

# Side effects: what a crash comes before or after where the rule names no calls.
EFFECTS = frozenset(
    {
        *(f"dynamodb:{name}Item" for name in ("Put", "Update", "Delete", "BatchWrite")),
        "dynamodb:TransactWriteItems",
        "events:PutEvents",
        "s3:DeleteObject",
        "s3:PutObject",
        "sns:Publish",
        "sns:PublishBatch",
        "sqs:SendMessage",
        "sqs:SendMessageBatch",
        "states:StartExecution",
    }
)


class NoRule(ValueError):
    """What was asked for is no rule; the message says why."""


@dataclass
class Rule:
    """One fault. ``times`` bounds how often a crash or refusal happens; every delivery is concerned.

    The first crash comes at the first of ``calls`` that an invocation makes, the second at the second call of
    a later one, and so on: each try comes one side effect further than the one before.
    """

    kind: str
    function: str
    containing: tuple[str, ...]
    calls: frozenset[str] = EFFECTS
    times: int = 1
    seed: int = 0
    injected: int = 0
    seen: int = 0
    _by_process: dict[int, int] = field(default_factory=dict)
    _repeated: set[str] = field(default_factory=set)

    def concerns(self, function: str, text: str) -> bool:
        """Whether ``function`` at work on ``text`` is meant."""
        return function == self.function and any(each in text for each in self.containing)

    def strikes(self, process: int, call: str) -> bool:
        """Whether ``call`` of a concerned invocation in ``process`` is the one to be hit; counts it."""
        if self.kind in ("again", "shuffle", "watch") or call not in self.calls:
            return False
        self.seen += 1
        made = self._by_process[process] = self._by_process.get(process, 0) + 1
        hit = self.injected < self.times and (self.kind == "throttle" or made > self.injected)
        if hit:
            self.injected += 1
        return hit

    def repeats(self, records: Sequence[Record]) -> bool:
        """Whether a delivery of ``records`` is to come twice: something in it did not yet; counts them."""
        new = {json.dumps(_said(record), sort_keys=True) for record in records} - self._repeated
        self._repeated |= new
        self.injected += len(new)
        return bool(new)


class Rules:
    """The rules in force, for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[str, Rule] = {}
        self._ids = count(1)

    def add(self, asked: dict[str, Any]) -> str:
        """Put a rule in force; its id. NoRule where ``asked`` is none."""
        rule = _rule(asked)
        with self._lock:
            name = str(next(self._ids))
            self._rules[name] = rule
        return name

    def get(self, name: str) -> Rule | None:
        """The rule of that id."""
        return self._rules.get(name)

    def remove(self, name: str) -> None:
        """Take a rule back."""
        with self._lock:
            self._rules.pop(name, None)

    def concerning(self, function: str, text: str) -> Iterator[Rule]:
        """Every rule that is meant for ``function`` at work on ``text``."""
        return (rule for rule in list(self._rules.values()) if rule.concerns(function, text))

    def mentioned_in(self, text: str) -> bool:
        """Whether ``text`` contains what any rule is about."""
        return any(each in text for rule in list(self._rules.values()) for each in rule.containing)

    def struck(self, function: str, text: str, process: int, call: str) -> Rule | None:
        """The rule that hits this call, if one does."""
        with self._lock:
            return next((r for r in self.concerning(function, text) if r.strikes(process, call)), None)

    def __bool__(self) -> bool:
        """Whether any rule is in force."""
        return bool(self._rules)


def shuffled(records: Sequence[Record], chance: random.Random) -> list[Record]:
    """The records in another order: any for messages; for a stream those of one partition key keep theirs."""
    lanes = [_lane(record) or str(position) for position, record in enumerate(records)]
    waiting = {
        lane: iter([r for r, own in zip(records, lanes, strict=True) if own == lane]) for lane in lanes
    }
    chance.shuffle(lanes)
    return [next(waiting[lane]) for lane in lanes]


def _said(record: Record) -> Any:
    """What a record says, whatever delivery brings it."""
    return record.get("body") or record.get("eventID") or record


def _lane(record: Record) -> str | None:
    """What a stream keeps in order: the table's items of one partition key."""
    keys = record.get("dynamodb", {}).get("Keys")
    return str(keys.get("pk", keys)) if keys else None


def _rule(asked: dict[str, Any]) -> Rule:
    unknown = asked.keys() - {"kind", "function", "containing", "calls", "times", "seed"}
    if unknown:
        raise NoRule(f"a rule has no {', '.join(sorted(unknown))}")
    kind, function, containing = (asked.get(name) for name in ("kind", "function", "containing"))
    if kind not in KINDS:
        raise NoRule(f"kind is one of {', '.join(KINDS)}")
    if not isinstance(function, str) or not function:
        raise NoRule("function is a function's name")
    if not isinstance(containing, list) or not all(isinstance(each, str) and each for each in containing):
        raise NoRule("containing is a list of texts")
    return Rule(
        kind,
        function,
        tuple(containing),
        calls=frozenset(asked["calls"]) if asked.get("calls") else EFFECTS,
        times=int(asked.get("times", 1)),
        seed=int(asked.get("seed", 0)),
    )
