"""Lists of items of one partition, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wotr_common import keys

Item = Mapping[str, Any]
# Items after a sort key, at most so many of them, and the sort key where reading stopped early.
Read = Callable[[str | None, int], tuple[list[Item], str | None]]

MOST_QUERIES = 20


def collected(read: Read, after: str | None, limit: int) -> tuple[list[Item], str | None]:
    """At most `limit` items and the sort key after which the next page begins (None: there is none).

    One query may read less than it was asked for: items of sessions are large. After twenty of them the page
    is answered, short, and followed by another.
    """
    found: list[Item] = []
    for _ in range(MOST_QUERIES):
        more, after = read(after, limit + 1 - len(found))
        found += more
        if len(found) > limit:
            return found[:limit], str(found[limit - 1][keys.SK])
        if after is None:
            break
    return found, after


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
