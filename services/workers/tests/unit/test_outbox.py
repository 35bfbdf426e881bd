"""Whatever the bus refuses and whenever: nothing is missing, and each user's events end in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotr_common.events import Event
from wotr_workers.outbox import MOST_TRIES, PATIENCE_S, PAUSES_S, Unreachable, deliver

AT = datetime(2026, 3, 1, tzinfo=UTC)
SIZE = 10
USERS = st.lists(st.sampled_from(["ada", "grace", "linus"]), min_size=1, max_size=40)
CHANCES = st.sampled_from([0.0, 0.1, 0.5, 0.9])


def events(users: Sequence[str]) -> list[Event]:
    return [
        Event(name="x", id=UUID(int=number), occurred_at=AT, correlation_id=str(number), user_id=user)
        for number, user in enumerate(users)
    ]


class Moody:
    """A bus that refuses some events of a call, and is away at times; remembers what it took."""

    def __init__(self, refuses: float, away: float, seed: int, poison: frozenset[int] = frozenset()) -> None:
        self.taken: list[int] = []
        self.calls: list[int] = []
        self._refuses, self._away, self._poison = refuses, away, poison
        self._chance = Random(seed)

    def send(self, found: Sequence[Event]) -> list[str | None]:
        self.calls.append(len(found))
        if self._chance.random() < self._away:
            raise Unreachable("away")
        return [self._take(each.id.int) for each in found]

    def _take(self, number: int) -> str | None:
        if number in self._poison or self._chance.random() < self._refuses:
            return "refused"
        self.taken.append(number)
        return None

    def ended_with(self) -> list[int]:
        """Each event that was taken once, in order of when it was taken last."""
        return [each for place, each in enumerate(self.taken) if each not in self.taken[place + 1 :]]


def streamed(users: Sequence[str], bus: Moody) -> set[int]:
    """Deliver as the stream does, again from the first event that was left; what was set aside."""
    all_of_them, start = events(users), 0
    aside: set[int] = set()
    while start < len(all_of_them):
        delivery = deliver(all_of_them[start:], bus.send, SIZE, lambda _: None)
        aside |= {start + position for position in delivery.refused}
        start = start + min(delivery.left) if delivery.left else len(all_of_them)
    return aside


@given(USERS, CHANCES, st.sampled_from([0.0, 0.2, 0.5]), st.integers(0, 2**32))
def test_nothing_is_missing_and_each_users_events_end_in_order(
    users: list[str], refuses: float, away: float, seed: int
) -> None:
    bus = Moody(refuses, away, seed)

    aside = streamed(users, bus)

    delivered = [each for each in bus.ended_with() if each not in aside]
    assert sorted(delivered) == [number for number in range(len(users)) if number not in aside]
    for user in set(users):
        mine = [each for each in delivered if users[each] == user]
        assert mine == sorted(mine)
    assert max(bus.calls) <= SIZE


@given(USERS, st.data())
def test_what_is_always_refused_is_set_aside_and_everything_else_goes_on(
    users: list[str], data: st.DataObject
) -> None:
    poison = data.draw(st.frozensets(st.integers(0, len(users) - 1), max_size=3))
    bus = Moody(0.0, 0.0, 0, poison)
    assert streamed(users, bus) == poison
    assert set(bus.taken) == set(range(len(users))) - poison


def test_a_refused_event_holds_up_nobody_elses() -> None:
    bus = Moody(0.0, 0.0, 0, poison=frozenset({0}))
    others = ["grace"] * 25
    deliver(events(["ada", *others]), bus.send, SIZE, lambda _: None)
    assert bus.taken == list(range(1, 26))
    assert bus.calls == [10, 10, 6, *[1] * (MOST_TRIES - 1)]


def test_no_later_call_takes_an_event_past_one_of_its_user_that_waits() -> None:
    said: list[list[int]] = []

    def send(found: Sequence[Event]) -> list[str | None]:
        said.append([each.id.int for each in found])
        return ["busy" if len(said) == 1 and each.id.int == 0 else None for each in found]

    deliver(events(["ada", *["grace"] * 9, "ada", "grace"]), send, SIZE, lambda _: None)
    assert said == [list(range(10)), [11], [0, 10]]


def test_events_behind_a_refused_one_wait_for_it_without_using_up_their_own_tries() -> None:
    busy, taken = "busy", None
    answers: list[list[str | None]] = [[busy, busy], [busy, busy], [busy, busy], [taken, busy], [taken]]
    said: list[list[int]] = []

    def send(found: Sequence[Event]) -> list[str | None]:
        said.append([each.id.int for each in found])
        return answers[len(said) - 1]

    pauses: list[float] = []
    delivery = deliver(events(["ada", "ada"]), send, SIZE, pauses.append)

    assert (delivery.refused, delivery.left) == ({}, {})
    assert said == [[0, 1], [0, 1], [0, 1], [0, 1], [1]]
    assert pauses == [*PAUSES_S, PAUSES_S[0]]


def test_patience_with_a_bus_that_refuses_everything_ends_before_the_function() -> None:
    pauses: list[float] = []
    delivery = deliver(events(["ada"] * 100), lambda found: ["busy"] * len(found), SIZE, pauses.append)
    assert set(delivery.refused) == set(range(100))
    assert sum(pauses) <= PATIENCE_S + max(PAUSES_S)


@pytest.mark.parametrize("before", [0, 1])
def test_an_outage_is_waited_for_and_then_left_to_the_stream(before: int) -> None:
    calls = 0

    def send(found: Sequence[Event]) -> list[str | None]:
        nonlocal calls
        calls += 1
        if calls > before:
            raise Unreachable("away")
        return [None] * len(found)

    pauses: list[float] = []
    delivery = deliver(events(["ada"] * 15), send, SIZE, pauses.append)

    assert delivery.left == dict.fromkeys(range(10 * before, 15), "away")
    assert (delivery.refused, pauses) == ({}, list(PAUSES_S))
