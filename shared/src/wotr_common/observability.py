"""Logs, metrics and traces, the same in every service.

`logger` and `metrics` are Powertools', named by `POWERTOOLS_SERVICE_NAME` and
`POWERTOOLS_METRICS_NAMESPACE`; metrics travel as EMF in the log. Every line of one request carries its
correlation id, from the HTTP call to the last event.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TypeGuard
from uuid import uuid4

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

__all__ = [
    "MetricUnit",
    "annotate_span",
    "correlation_id_of_request",
    "is_correlation_id",
    "logger",
    "metrics",
]

CORRELATION_HEADER = "x-correlation-id"
_LONGEST = 64

logger = Logger(use_rfc3339=True, log_uncaught_exceptions=False)
metrics = Metrics()


def correlation_id_of_request(event: Mapping[str, Any]) -> str:
    """The caller's `X-Correlation-Id` if it is plain and short, else API Gateway's request id, else new."""
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == CORRELATION_HEADER and is_correlation_id(value):
            return value
    return str((event.get("requestContext") or {}).get("requestId") or uuid4())


def is_correlation_id(value: object) -> TypeGuard[str]:
    """Whether `value` may go into logs, events and answers as it is: short, no line breaks, no markup."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST
        and value.isascii()
        and all(char.isalnum() or char in "-_.:" for char in value)
    )


def annotate_span(*, user_id: str | None = None, session_id: str | None = None) -> None:
    """Put `wotr.user_id` and `wotr.session_id` on the current OpenTelemetry span.

    Where no SDK is loaded nobody could record it, and the API's import alone costs about 28 ms: nothing
    happens then.
    """
    if "opentelemetry.sdk.trace" not in sys.modules:
        return
    from opentelemetry import trace  # noqa: PLC0415 - see above

    span = trace.get_current_span()
    if user_id is not None:
        span.set_attribute("wotr.user_id", user_id)
    if session_id is not None:
        span.set_attribute("wotr.session_id", session_id)
