"""HTTP requests as API Gateway hands them on (HTTP API, payload format 2.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

AT_MS = 1_795_586_645_678  # 2026-11-25T06:04:05.678Z
TEXT_TYPES = ("application/json", "application/xml", "application/javascript")


def http_event(
    method: str = "POST",
    path: str = "/any/path",
    query: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    request_id: str = "JKJaXmPLvHcESHA=",
) -> dict[str, Any]:
    """The event of one request; what is no text by its content type comes as base64."""
    named = {name.lower(): value for name, value in (headers or {}).items()}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": named,
        "requestContext": {
            "apiId": "api",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": named.get("user-agent", ""),
            },
            "requestId": request_id,
            "stage": "$default",
            "timeEpoch": AT_MS,
        },
        "isBase64Encoded": False,
    }
    if body:
        kind = named.get("content-type", "").partition(";")[0]
        is_text = kind.startswith("text/") or kind in TEXT_TYPES
        event["body"] = body.decode(errors="replace") if is_text else base64.b64encode(body).decode()
        event["isBase64Encoded"] = not is_text
    return event
