"""Pages of lists: from the parameters to what is on the page, and the token of the next one."""

from __future__ import annotations

from wotr_api import paging, parameters
from wotr_api.page_tokens import PARAMETER, fingerprint
from wotr_api.reading.sources import tokens


def page(
    athlete: str, route: str, asked: parameters.Paged, read: paging.Read
) -> tuple[list[paging.Item], dict[str, str]]:
    """The items of the page that was asked for, and `nextToken` where there are more.

    `route` names the list, ids of its path included. Problem 422 where the token is of another list.
    """
    name = fingerprint(athlete, route, asked.filters())
    after = tokens().read(asked.next_token, name)["after"] if asked.next_token is not None else None
    found, stopped = paging.collected(read, after, asked.limit)
    return found, {} if stopped is None else {PARAMETER: tokens().issue({"after": stopped}, name)}
