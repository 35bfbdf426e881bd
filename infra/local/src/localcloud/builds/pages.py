"""Long answers in pages."""

from __future__ import annotations

from typing import Any

from localcloud.services import Body, Refusal

_PAGE = 100


def page(request: Body, name: str, sorted_items: list[Any]) -> Body:
    """The page that a request asks for, of items in ascending order."""
    items = sorted_items[::-1] if request.get("sortOrder") == "DESCENDING" else sorted_items
    token = request.get("nextToken") or "0"
    if not token.isdigit():
        raise Refusal("InvalidInputException", f"{token!r} is no token of an earlier answer")
    end = int(token) + int(request.get("maxResults") or _PAGE)
    more = {"nextToken": str(end)} if end < len(items) else {}
    return {name: items[int(token) : end], **more}
