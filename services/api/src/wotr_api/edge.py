"""Headers that every answer carries: what a browser may do with it, and which pages may read it.

What API Gateway answers by itself carries the same ones, from the template; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from wotr_api.headers import header
from wotr_common.settings import Settings

# An answer is data for a program: never kept, never guessed at, never shown as a page or inside one.
HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
# What a page may send and read beyond what every page may.
_SENT = "Authorization, Content-Type, Idempotency-Key, If-Match, X-Correlation-Id"
_READ = "Content-Disposition, ETag, Location, Retry-After, X-Correlation-Id"
_ASKED_AGAIN_AFTER_S = 7200  # the longest that Chromium keeps an answer to a preflight


class EdgeSettings(Settings):
    """Which pages may read answers: origins such as https://app.example.com, by commas; none by default."""

    allowed_origins: str = ""

    def allows(self, origin: str) -> bool:
        """Whether this is one of them, letter by letter."""
        return origin in {each.strip() for each in self.allowed_origins.split(",") if each.strip()}


def headers(event: Mapping[str, Any]) -> dict[str, str]:
    """The headers for the answer to `event`."""
    found = {**HEADERS, "Vary": "Origin"}
    origin = header(event, "origin")
    if origin and _settings().allows(origin):
        found["Access-Control-Allow-Origin"] = origin
        found["Access-Control-Expose-Headers"] = _READ
    return found


def preflight(event: Mapping[str, Any], methods: str) -> dict[str, str]:
    """What else a page of an allowed origin is told when it asks beforehand; nothing for any other."""
    origin = header(event, "origin")
    if not (origin and _settings().allows(origin)):
        return {}
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": _SENT,
        "Access-Control-Max-Age": str(_ASKED_AGAIN_AFTER_S),
    }


@cache
def _settings() -> EdgeSettings:
    return EdgeSettings.load()
