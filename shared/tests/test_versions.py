"""Versions grow with every change, whatever the clocks say, through deletion and return."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wotr_common.versions import first_version, last_version, next_version

NOW = datetime(2026, 3, 1, tzinfo=UTC)
clocks = st.integers(-(10**7), 10**7).map(lambda ms: NOW + timedelta(milliseconds=ms))


@given(clocks, st.lists(clocks, max_size=10))
def test_every_change_has_a_higher_version(created: datetime, changes: list[datetime]) -> None:
    version = first_version(created)
    for at in changes:
        assert next_version(version, at) > version
        version = next_version(version, at)


@given(clocks, st.integers(1, 50))
def test_what_returns_after_its_deletion_has_a_higher_version_than_its_deletion(
    created: datetime, changes: int
) -> None:
    version = first_version(created)
    at = created
    for _ in range(changes):
        at += timedelta(milliseconds=1)
        version = next_version(version, at)
    assert first_version(at + timedelta(milliseconds=2)) > last_version(version)


def test_a_version_is_a_time_and_small_enough_for_json() -> None:
    assert first_version(datetime(2020, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1000
    assert first_version(datetime(2010, 1, 1, tzinfo=UTC)) == 1
    assert first_version(datetime(2051, 1, 1, tzinfo=UTC)) < 10**12


def test_items_of_the_first_release_go_on_from_version_one() -> None:
    assert next_version(1, NOW) == first_version(NOW)
