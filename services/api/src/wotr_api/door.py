"""What every function of the API does on the way in and out: correlation id, answers, and problems.

This is the one place where an exception becomes an HTTP answer.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response, Router
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from wotr_api import edge
from wotr_common.observability import CORRELATION_HEADER, correlation_id_of_request, logger
from wotr_common.problems import CONTENT_TYPE, FieldError, Problem, invalid, unavailable

# Handlers record cold starts; a call that records nothing else is no mistake.
warnings.filterwarnings("ignore", message="No application metrics to publish")


def resolver(dependencies: Sequence[type[Exception]] = ()) -> APIGatewayRestResolver:
    """A resolver that answers every exception with a problem.

    `dependencies` are the exceptions which say that something behind the API does not answer: 503, not 500.
    """
    app = APIGatewayRestResolver()
    app.exception_handler(Problem)(_problem)
    app.exception_handler(list(dependencies))(_dependency_failed)
    app.exception_handler(Exception)(_unexpected)
    app.not_found(_not_found)
    return app


def router() -> Router:
    """A router for some of a function's routes."""
    return Router()  # type: ignore[no-untyped-call]


def handle(app: APIGatewayRestResolver, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call; the correlation id is in its log lines and among the answer's headers."""
    correlation_id = correlation_id_of_request(event)
    logger.set_correlation_id(correlation_id)
    answered: dict[str, Any] = app.resolve(event, context)
    always = {CORRELATION_HEADER: correlation_id, **edge.headers(event)}
    answered.setdefault("multiValueHeaders", {}).update({name: [value] for name, value in always.items()})
    logger.info(
        "answered", method=event.get("httpMethod"), route=event.get("resource"), status=answered["statusCode"]
    )
    return answered


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response[str]:
    """A JSON answer."""
    return _json(status, body, "application/json", headers)


def done() -> Response[str]:
    """An answer without a body."""
    return Response(status_code=204, body="")


def download(name: str, content_type: str, text: str) -> Response[str]:
    """A file that a browser saves as `name`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(status_code=200, content_type=content_type, body=text, headers=headers)


def refused_parameter(name: str, message: str) -> Problem:
    """422 for one parameter of the query or the header."""
    return invalid([FieldError(name, message)])


def _json(status: int, body: object, content_type: str, headers: Mapping[str, str] | None) -> Response[str]:
    text = json.dumps(body, separators=(",", ":"))
    return Response(status_code=status, content_type=content_type, body=text, headers=dict(headers or {}))


def _problem(problem: Problem) -> Response[str]:
    return _json(problem.status, problem.body(logger.get_correlation_id()), CONTENT_TYPE, problem.headers)


def _dependency_failed(error: Exception) -> Response[str]:
    logger.error("a dependency failed", exc_info=error)
    return _problem(
        unavailable("a part of the platform does not answer; nothing was accepted. Try again shortly")
    )


def _unexpected(error: Exception) -> Response[str]:
    logger.error("unexpected", exc_info=error)
    return _problem(Problem(500, "an unexpected error, which has been logged under the correlation id"))


def _not_found(_: NotFoundError) -> Response[str]:
    return _problem(Problem(404, "there is no such route"))
