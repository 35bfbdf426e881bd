"""Pages put together from queries that read less than they were asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wotr_api.paging import Item, Read, collected, everything


def partition(size: int, most: int) -> Read:
    """A partition of `size` items, of which one query reads at most `most`."""

    def read(after: str | None, limit: int) -> tuple[list[Item], str | None]:
        start = 0 if after is None else int(after) + 1
        end = min(size, start + min(limit, most))
        return [
            {"sk": f"{number:03d}"} for number in range(start, end)
        ], f"{end - 1:03d}" if end < size else None

    return read


@given(size=st.integers(0, 40), most=st.integers(1, 9), limit=st.integers(1, 12), queries=st.integers(1, 5))
def test_pages_hold_every_item_once_and_in_order(size: int, most: int, limit: int, queries: int) -> None:
    found: list[str] = []
    after: str | None = None
    while True:
        page, after = collected(partition(size, most), lambda item: str(item["sk"]), after, limit, queries)
        assert len(page) <= limit
        found += page
        if after is None:
            break

    assert found == [f"{number:03d}" for number in range(size)]


def test_a_page_is_full_unless_its_queries_are_used_up() -> None:
    full, _ = collected(partition(40, 2), lambda item: item, None, 10)
    short, after = collected(partition(40, 2), lambda item: item, None, 10, queries=3)

    assert (len(full), len(short), after) == (10, 6, "005")


@given(size=st.integers(0, 40), most=st.integers(1, 9))
def test_everything_is_everything_up_to_its_bound(size: int, most: int) -> None:
    assert len(everything(partition(size, most), 100)) == size
    assert len(everything(partition(size, most), 5)) == min(size, 5)
