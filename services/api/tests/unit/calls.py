"""API Gateway's events, and the answers to them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

MACHINE = "arn:aws:sts::123456789012:assumed-role/machines/loader"
ATHLETE = "0b5c4d7e-athlete"


@dataclass
class Context:
    """What Lambda says about an invocation."""

    function_name: str = "api"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:api"
    aws_request_id: str = "invocation"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@dataclass(frozen=True)
class Answer:
    """What a function answered."""

    status: int
    headers: dict[str, str]
    body: Any

    def pointers(self) -> list[str]:
        """Which fields the problem names."""
        return [error["pointer"] for error in self.body.get("errors", [])]


def event(
    method: str,
    path: str,
    body: object = None,
    *,
    raw: str | None = None,
    headers: Mapping[str, str] | None = None,
    machine: str | None = MACHINE,
    athlete: str | None = None,
    base64: bool = False,
) -> dict[str, Any]:
    """The REST API's event for a call; `path` may carry a query."""
    path, _, query = path.partition("?")
    parameters = parse_qs(query, keep_blank_values=True)
    sent = {"Content-Type": "application/json"} if body is not None or raw is not None else {}
    context: dict[str, Any] = {
        "requestId": "request-1",
        "stage": "dev",
        "path": f"/dev{path}",
        "identity": {},
    }
    if athlete:
        context["authorizer"] = {"claims": {"sub": athlete, "token_use": "id"}}
    elif machine:
        context["identity"] = {"userArn": machine}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {**sent, **(headers or {})},
        "multiValueHeaders": {},
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": None,
        "requestContext": context,
        "body": raw if raw is not None else None if body is None else json.dumps(body),
        "isBase64Encoded": base64,
    }


def send(function: str, call: Mapping[str, Any]) -> Answer:
    """What `function` answers to `call`; every answer is held to what all answers have in common."""
    answered = import_module(f"wotr_api.handlers.{function}").handler(call, Context())
    headers = {name.lower(): value for name, value in answered.get("headers", {}).items()}
    headers |= {name.lower(): values[-1] for name, values in answered.get("multiValueHeaders", {}).items()}
    answer = Answer(answered["statusCode"], headers, json.loads(answered["body"] or "null"))
    assert headers["x-correlation-id"]
    if answer.status >= 400:
        assert headers["content-type"] == "application/problem+json"
        assert answer.body["status"] == answer.status
        assert answer.body["correlationId"] == headers["x-correlation-id"]
        assert re.search(r"\w", answer.body["detail"])
    else:
        assert headers.get("content-type") == ("application/json" if answer.status != 204 else None)
    return answer
