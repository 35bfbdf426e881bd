"""Pages of lists: from the parameters to what is on the page, and the token of the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wotr_api import paging, parameters
from wotr_api.page_tokens import PARAMETER, fingerprint
from wotr_api.reading.sources import tokens

Shaped = TypeVar("Shaped")


def page(
    athlete: str,
    route: str,
    asked: parameters.Paged,
    read: paging.Read,
    *,
    shape: Callable[[paging.Item], Shaped],
    queries: int = paging.MOST_QUERIES,
) -> tuple[list[Shaped], dict[str, str]]:
    """What is on the page that was asked for, in its `shape`, and `nextToken` where there is more.

    `route` names the list, ids of its path included. Problem 422 where the token is of another list.
    """
    name = fingerprint(athlete, route, asked.filters())
    after = tokens().read(asked.next_token, name)["after"] if asked.next_token is not None else None
    found, stopped = paging.collected(read, shape, after, asked.limit, queries)
    return found, {} if stopped is None else {PARAMETER: tokens().issue({"after": stopped}, name)}
