"""How events go out in order: each of a user's after all that came before it. Plain functions, no AWS.

EventBridge takes the entries of a call in their order, but may take some and refuse others. What was
refused is tried again, and whatever followed it of the same user goes again behind it: twice rather than
out of order. Other users' events do not wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wotr_common.events import Event

MOST_TRIES = 4
PAUSES_S = (0.1, 0.5, 2.0)
PATIENCE_S = 15.0  # of pauses in all: the function has a minute

Send = Callable[[Sequence[Event]], Sequence[str | None]]
"""Sends events; says of each why it was refused, None where it was taken. Unreachable where nothing is."""


class Unreachable(Exception):
    """The bus takes nothing at all for now; says why."""


@dataclass(slots=True)
class Delivery:
    """What became of events, by position: `refused` for good and why, `left` undelivered for now and why."""

    refused: dict[int, str] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)


def deliver(events: Sequence[Event], send: Send, size: int, pause: Callable[[float], None]) -> Delivery:
    """Send `events`, up to `size` at once and in order for each user; `pause` waits before another try.

    An event that is refused four times is given up, and those behind it go on. While the bus takes nothing,
    whatever is not out yet is left: the stream sends it again, in order.
    """
    passes = _Passes(events, send, size)
    waiting: Sequence[int] = range(len(events))
    waited_s, outages = 0.0, 0
    while waiting:
        waiting, outage = passes.over(waiting, MOST_TRIES if waited_s < PATIENCE_S else 1)
        outages = outages + 1 if outage else 0
        if outage and outages == MOST_TRIES:
            return Delivery(passes.refused, dict.fromkeys(waiting, outage))
        if waiting:
            pause_s = PAUSES_S[max(outages, passes.most_tries(waiting)) - 1]
            waited_s += pause_s
            pause(pause_s)
    return Delivery(passes.refused)


class _Passes:
    """Goes over events that wait, again and again, and remembers what was refused and how often."""

    def __init__(self, events: Sequence[Event], send: Send, size: int) -> None:
        self._events = events
        self._send = send
        self._size = size
        self._tries: Counter[int] = Counter()
        self.refused: dict[int, str] = {}

    def most_tries(self, positions: Sequence[int]) -> int:
        """The most that one of `positions` was refused."""
        return max(self._tries[each] for each in positions)

    def over(self, waiting: Sequence[int], most: int) -> tuple[list[int], str | None]:
        """Send those that wait, once each; what waits still, in order, and why the bus took no more.

        Nobody's event goes out after one of theirs that was refused and has tries left of `most`.
        """
        again: list[int] = []
        held: set[str] = set()
        upcoming = list(waiting)
        while upcoming:
            part = [each for each in upcoming if self._user(each) not in held][: self._size]
            if not part:
                break
            try:
                answers = self._send([self._events[each] for each in part])
            except Unreachable as error:
                return sorted({*again, *upcoming}), str(error)
            for position, reason in zip(part, answers, strict=True):
                user = self._user(position)
                if user in held or (reason is not None and self._has_another_try(position, reason, most)):
                    held.add(user)
                    again.append(position)
            sent = set(part)
            upcoming = [each for each in upcoming if each not in sent]
        return sorted({*again, *upcoming}), None

    def _has_another_try(self, position: int, reason: str, most: int) -> bool:
        """Count a try that was refused; the last one is remembered with its reason."""
        self._tries[position] += 1
        if self._tries[position] < most:
            return True
        self.refused[position] = reason
        return False

    def _user(self, position: int) -> str:
        return self._events[position].user_id
