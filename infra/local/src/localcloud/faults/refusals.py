"""How AWS words that it is too busy, service by service.

Sources: the common errors and the operations' own in each service's API reference. A transaction that is
throttled is cancelled with a reason for each item; S3 answers 503 Slow Down.
"""

from __future__ import annotations

import json
from typing import Any

Answer = tuple[int, dict[str, str], bytes]

_JSON = "application/x-amz-json-1.0"


def too_busy(call: str, body: bytes) -> Answer:
    """What the service answers to a throttled ``call`` (``service:Operation``)."""
    service = call.partition(":")[0]
    if call == "dynamodb:TransactWriteItems":
        return _json(400, "TransactionCanceledException", **_cancelled(json.loads(body)["TransactItems"]))
    if service == "dynamodb":
        return _json(
            400,
            "ProvisionedThroughputExceededException",
            message="The level of configured provisioned throughput for the table was exceeded.",
        )
    if service == "s3":
        return _xml(
            503, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        )
    if service == "sns":
        error = "<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        return _xml(400, f"<ErrorResponse>{error}<RequestId>throttled</RequestId></ErrorResponse>")
    if service == "sqs":
        return _json(400, "com.amazonaws.sqs#RequestThrottled", message="The request was throttled.")
    return _json(400, "ThrottlingException", message="Rate exceeded")


def _cancelled(items: list[Any]) -> dict[str, Any]:
    reasons: list[dict[str, str]] = [
        {"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity."}
    ]
    reasons += [{"Code": "None"} for _ in items[1:]]
    codes = ", ".join(reason["Code"] for reason in reasons)
    return {
        "message": f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        "CancellationReasons": reasons,
    }


def _json(status: int, code: str, **more: Any) -> Answer:
    kind = code if "#" in code else f"com.amazon.coral.service#{code}"
    return (
        status,
        {"Content-Type": _JSON, "x-amzn-errortype": kind},
        json.dumps({"__type": kind, **more}).encode(),
    )


def _xml(status: int, text: str) -> Answer:
    return status, {"Content-Type": "text/xml"}, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
