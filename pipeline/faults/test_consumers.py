"""Each consumer ends under each fault where it ends undisturbed, and sets aside the poison alone."""

from __future__ import annotations

from conftest import Await


def test_a_consumer_loses_and_doubles_nothing(outcome: Await, consumer: str, fault: str) -> None:
    came = outcome(consumer, fault)
    assert came.injected, "the fault never happened"
    assert not came.lost
    assert not came.doubled
    assert len(came.letters) == bool(came.poison), came.letters
    assert all(came.poison and came.poison in letter for letter in (*came.letters, *came.elsewhere))
    assert came.settled, "the function still has work"
