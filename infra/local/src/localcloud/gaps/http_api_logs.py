"""An HTTP API's stage logs each request.

AWS: writes a line in the format of the stage's access-log settings into their log group; the request
has one id in that line, in the function's event and in the header ``apigw-requestid``.
MiniStack: stores the settings and logs nothing; the id in the event and the one in the header differ.
Bridge: give each request its id first, use it everywhere, and put the line into the log group.
"""

from __future__ import annotations

import base64
import logging
import os
import re
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from ministack.services import apigateway, cloudwatch_logs

from localcloud.gaps import Settings
from localcloud.provisioning import call

TOUCHES = (
    "ministack.services.apigateway:_handle_execute_in_scope",
    "ministack.services.apigateway:_invoke_lambda_proxy",
    "ministack.services.apigateway:_stages",
    "ministack.services.apigateway:new_uuid",
    "ministack.services.cloudwatch_logs:_create_log_stream",
    "ministack.services.cloudwatch_logs:_log_groups",
    "ministack.services.cloudwatch_logs:_put_log_events",
)

_log = logging.getLogger("localcloud")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.]+)")
_ESCAPED = {ord('"'): '\\"', ord("\\"): "\\\\"}


def apply(_settings: Settings) -> None:
    """Name and log each request of an HTTP API."""
    handle = apigateway._handle_execute_in_scope
    any_id = apigateway.new_uuid

    async def handle_and_log(api: str, stage: str, path: str, method: str, *rest: Any) -> Any:
        request_id = base64.b64encode(os.urandom(11)).decode()
        named = _request_id.set(request_id)
        began = time.monotonic()
        try:
            status, headers, body = await handle(api, stage, path, method, *rest)
        finally:
            _request_id.reset(named)
        settings = (apigateway._stages.get(api, {}).get(stage) or {}).get("accessLogSettings")
        if settings:
            now = datetime.now(UTC)
            line = {
                "requestId": request_id,
                "extendedRequestId": request_id,
                "requestTime": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
                "requestTimeEpoch": str(int(now.timestamp() * 1000)),
                "identity.sourceIp": "127.0.0.1",
                "httpMethod": method,
                "path": path,
                "routeKey": "$default",
                "protocol": "HTTP/1.1",
                "stage": stage,
                "apiId": api,
                "status": str(status),
                "responseLength": str(len(body or b"")),
                "responseLatency": str(round((time.monotonic() - began) * 1000)),
                "integrationStatus": str(status),
            }
            _write(settings, line, int(now.timestamp() * 1000))
        return status, {**headers, "apigw-requestid": request_id}, body

    apigateway._handle_execute_in_scope = handle_and_log
    apigateway.new_uuid = lambda: _request_id.get() or any_id()


def rendered(template: str, values: dict[str, str]) -> str:
    """The line that a format makes of a request; a variable without a value is a dash."""
    return _VARIABLE.sub(lambda found: values.get(found[1], "-").translate(_ESCAPED), template)


def _write(settings: dict[str, str], values: dict[str, str], now_ms: int) -> None:
    group = settings.get("destinationArn", "").partition(":log-group:")[2].removesuffix(":*")
    stream = values["apiId"]
    if group not in cloudwatch_logs._log_groups:
        _log.warning("access log of %s is lost: there is no log group %s", values["apiId"], group)
        return
    if stream not in cloudwatch_logs._log_groups[group]["streams"]:
        call(cloudwatch_logs._create_log_stream, {"logGroupName": group, "logStreamName": stream})
    events = [{"timestamp": now_ms, "message": rendered(settings.get("format", ""), values)}]
    call(
        cloudwatch_logs._put_log_events,
        {"logGroupName": group, "logStreamName": stream, "logEvents": events},
    )
