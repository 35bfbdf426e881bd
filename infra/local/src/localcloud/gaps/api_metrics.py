"""APIs report their requests, refusals and latency.

AWS: a REST API reports Count, 4XXError, 5XXError and Latency by ApiName, and by ApiName and Stage; an HTTP
API reports Count, 4xx, 5xx and Latency by ApiId, and by ApiId and Stage. The average of an error metric is
its rate.
MiniStack: reports nothing, so that no alarm on an API ever comes.
Bridge: note each answer with the time it took. Metrics by route, which have to be asked for, and
IntegrationLatency are not reported.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import ministack.app as server
from ministack.core.responses import request_scope
from ministack.services import apigateway, apigateway_v1

from localcloud import metrics
from localcloud.gaps import Settings

TOUCHES = (
    *metrics.TOUCHES,
    "ministack.app:_enforce_execute_api",
    "ministack.services.apigateway:_apis",
    "ministack.services.apigateway:_stages",
    "ministack.services.apigateway:find_api_scope",
    "ministack.services.apigateway:handle_execute",
    "ministack.services.apigateway_v1:_rest_apis",
    "ministack.services.apigateway_v1:_stages_v1",
    "ministack.services.apigateway_v1:find_api_scope",
    "ministack.services.apigateway_v1:handle_execute",
)

_NAMESPACE = "AWS/ApiGateway"
_SERVER_ERROR = 500

Handler = Callable[..., Awaitable[Any]]


class Request(NamedTuple):
    """What is noted of a request: ``api`` is the dimension, its name and its value."""

    api: tuple[str, str]
    stage: str
    status: int
    milliseconds: float


def apply(settings: Settings) -> None:
    """Note each answer of an API's stage, those of IAM too."""
    notes = metrics.Notes(samples, settings.minute)
    apigateway_v1.handle_execute = _noted(apigateway_v1.handle_execute, notes)
    apigateway.handle_execute = _noted(apigateway.handle_execute, notes)
    enforce = server._enforce_execute_api

    def enforce_and_note(api: str, stage: str, *request: Any, **options: Any) -> Any:
        denied = enforce(api, stage, *request, **options)
        if denied:
            _note(notes, api, stage, denied[0], time.monotonic())
        return denied

    server._enforce_execute_api = enforce_and_note


def _noted(handle: Handler, notes: metrics.Notes[Request]) -> Handler:
    async def handle_and_note(api: str, stage: str, *request: Any, **options: Any) -> Any:
        began = time.monotonic()
        status = _SERVER_ERROR
        try:
            answer = await handle(api, stage, *request, **options)
            status = answer[0]
        finally:
            _note(notes, api, stage, status, began)
        return answer

    return handle_and_note


def _note(notes: metrics.Notes[Request], api: str, stage: str, status: int, began: float) -> None:
    scope = apigateway_v1.find_api_scope(api) or apigateway.find_api_scope(api)
    if scope is None:
        return
    spent = metrics.rounded((time.monotonic() - began) * 1000)
    with request_scope(*scope):
        if api in apigateway_v1._rest_apis:
            known, named = apigateway_v1._stages_v1, ("ApiName", apigateway_v1._rest_apis[api]["name"])
        else:
            known, named = apigateway._stages, ("ApiId", api)
        if stage in (known.get(api) or {}):
            notes.add(Request(named, stage, status, spent))


def samples(request: Request) -> Iterator[metrics.Sample]:
    """What a request adds to which metrics."""
    of_caller, of_server = ("4XXError", "5XXError") if request.api[0] == "ApiName" else ("4xx", "5xx")
    hundred = request.status // 100
    for dimensions in ((request.api,), (request.api, ("Stage", request.stage))):
        yield metrics.Sample(_NAMESPACE, "Count", "Count", 1.0, dimensions)
        yield metrics.Sample(_NAMESPACE, of_caller, "Count", float(hundred == 4), dimensions)
        yield metrics.Sample(_NAMESPACE, of_server, "Count", float(hundred == 5), dimensions)
        yield metrics.Sample(_NAMESPACE, "Latency", "Milliseconds", request.milliseconds, dimensions)
