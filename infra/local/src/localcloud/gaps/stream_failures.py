"""A stream's event source keeps what it gives up in a bucket, records and all.

AWS: with a bucket as OnFailure destination, the description of a discarded batch is an object that
holds the whole event as ``payload``, written by the function's role; a queue gets no payload.
MiniStack: writes to queues and topics, and to a bucket nothing.
Bridge: write the object if the role may.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any
from uuid import uuid4

from ministack.services import lambda_svc, s3

from localcloud import grants
from localcloud.gaps import Settings

TOUCHES = (
    *grants.TOUCHES,
    "ministack.services.lambda_svc:_send_ddb_stream_failure_record",
    "ministack.services.s3:_put_object",
)

_SHARD = "shardId-00000000000000000000-00000000"
_REFUSED = 400
_log = logging.getLogger("localcloud")

Record = dict[str, Any]


def apply(_settings: Settings) -> None:
    """Take over the destinations that are buckets."""
    tell = lambda_svc._send_ddb_stream_failure_record

    def tell_or_keep(mapping: Any, function: Any, batch: list[Record], stream: str, *ended: Any) -> None:
        configured = (mapping.get("DestinationConfig") or {}).get("OnFailure") or {}
        destination = configured.get("Destination") or ""
        if destination.startswith("arn:aws:s3:::"):
            said = _said(function["config"], batch, stream, *ended)
            _keep(function["config"]["Role"], destination, mapping["UUID"], said)
        else:
            tell(mapping, function, batch, stream, *ended)

    lambda_svc._send_ddb_stream_failure_record = tell_or_keep


def _said(config: Any, batch: list[Record], stream: str, result: Any, condition: str) -> dict[str, Any]:
    first, last = batch[0]["dynamodb"], batch[-1]["dynamodb"]
    return {
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": config["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": 1,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": config.get("Version", "$LATEST"),
            "functionError": result.get("function_error") or "Unhandled",
        },
        "version": "1.0",
        "timestamp": _time(time.time()),
        "DDBStreamBatchInfo": {
            "shardId": _SHARD,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _time(first["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": _time(last["ApproximateCreationDateTime"]),
            "batchSize": len(batch),
            "streamArn": stream,
        },
        "payload": json.dumps({"Records": batch}),
    }


def _keep(role: str, bucket: str, mapping: str, said: dict[str, Any]) -> None:
    at = time.gmtime()
    day, second = time.strftime("%Y/%m/%d", at), time.strftime("%Y-%m-%dT%H.%M.%S", at)
    key = f"aws/lambda/{mapping}/{_SHARD}/{day}/{second}-{uuid4()}"
    if not (
        grants.may(role, "s3:PutObject", f"{bucket}/{key}") and grants.may(role, "s3:ListBucket", bucket)
    ):
        _log.error("what %s gave up is lost: its role may not write to %s", mapping, bucket)
        return
    status, _headers, body = s3._put_object(bucket.rpartition(":")[2], key, json.dumps(said).encode(), {})
    if status >= _REFUSED:
        _log.error("what %s gave up is lost: %s", mapping, body)


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(seconds)))
