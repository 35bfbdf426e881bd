"""What a caller is told of a request: recorded, recorded without its body and why, or not recorded at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wotr_analytics.collector.request import BODY_LIMIT_BYTES, Omitted, Request
from wotr_common.problems import CONTENT_TYPE, Problem, unavailable

RETRY_AFTER_S = 2
# As with the API's answers: data for a program, over TLS, never guessed at, never shown as a page.
_GUARDS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def recorded(request: Request) -> dict[str, Any]:
    """201 with the request's id and time; 413 or 415 where its body could not be kept."""
    kept = {"requestId": request.request_id, "receivedAt": request.received}
    if request.omitted is None:
        return _answer(request, 201, {**kept, "bodyBytes": request.body_bytes}, "application/json")
    return _problem(request, _without_body(request, kept))


def not_recorded(request: Request) -> dict[str, Any]:
    """503: nobody may believe that this request was recorded."""
    problem = unavailable("The request was not recorded. Send it again.", RETRY_AFTER_S)
    return _problem(request, problem)


def _without_body(request: Request, kept: Mapping[str, Any]) -> Problem:
    extra = {**kept, "bodyBytes": request.body_bytes, "bodySha256": request.body_sha256}
    if request.omitted is Omitted.TOO_LARGE:
        limit = BODY_LIMIT_BYTES // 1024
        return Problem(
            413,
            f"The request was recorded without its body, which is longer than {limit} KiB."
            " Send it in parts, or send a link to it.",
            limitBytes=BODY_LIMIT_BYTES,
            **extra,
        )
    return Problem(
        415,
        "The request was recorded without its body, which is no UTF-8 text."
        " Send text, uncompressed, such as JSON, XML or a form; or encode the bytes as base64.",
        **extra,
    )


def _problem(request: Request, problem: Problem) -> dict[str, Any]:
    return _answer(request, problem.status, problem.body(request.request_id), CONTENT_TYPE, problem.headers)


def _answer(
    request: Request,
    status: int,
    body: Mapping[str, Any],
    content_type: str,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    answer = {
        "content-type": content_type,
        "cache-control": "no-store",  # an answer out of a cache would be a request that nobody recorded
        **_GUARDS,
        "x-request-id": request.request_id,
        **{name.lower(): value for name, value in (headers or {}).items()},
    }
    if request.method == "OPTIONS":
        answer["allow"] = _METHODS
    text = "" if request.method == "HEAD" else json.dumps(body)
    return {"statusCode": status, "headers": answer, "body": text, "isBase64Encoded": False}
