"""Lists of items of one partition, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from wotr_common import keys

Item = Mapping[str, Any]
# Items after a sort key, at most so many of them, and the sort key where reading stopped early.
Read = Callable[[str | None, int], tuple[list[Item], str | None]]

MOST_QUERIES = 20
Shaped = TypeVar("Shaped")


def collected(
    read: Read, shape: Callable[[Item], Shaped], after: str | None, limit: int, queries: int = MOST_QUERIES
) -> tuple[list[Shaped], str | None]:
    """At most `limit` items in their `shape`, and the sort key after which the next page begins (None: none).

    One query reads at most a megabyte, which may be less than was asked for. After so many `queries` the page
    is answered, short, and followed by another. Items are shaped as they come: a hundred long sessions are
    more than a function can hold, their lines in a list are not.
    """
    found: list[tuple[str, Shaped]] = []
    for _ in range(queries):
        more, after = read(after, limit + 1 - len(found))
        found += [(str(item[keys.SK]), shape(item)) for item in more]
        if len(found) > limit:
            return [shaped for _, shaped in found[:limit]], found[limit - 1][0]
        if after is None:
            break
    return [shaped for _, shaped in found], after


def everything(read: Read, most: int) -> list[Item]:
    """All items, or the first `most` of them."""
    found: list[Item] = []
    after: str | None = None
    while len(found) < most:
        more, after = read(after, most - len(found))
        found += more
        if after is None:
            break
    return found
