"""A log group's subscription filter passes log events on to Firehose.

AWS: sends matching events to a function, a Kinesis stream or a Firehose stream, as a compressed envelope.
MiniStack: sends them to functions only; a filter to Firehose is stored and does nothing.
Bridge: put the same envelope into the Firehose stream.
"""

from __future__ import annotations

import base64
import gzip
import json
import logging
import time
from typing import Any

from ministack.core.responses import get_account_id, new_uuid
from ministack.services import cloudwatch_logs, firehose

from localcloud.gaps import Settings
from localcloud.provisioning import call

TOUCHES = (
    "ministack.services.cloudwatch_logs:_fanout_to_subscription_filters",
    "ministack.services.cloudwatch_logs:_log_groups",
    "ministack.services.cloudwatch_logs:_subscription_pattern_matches",
    "ministack.services.firehose:_put_record",
)

_log = logging.getLogger("localcloud")
_STREAM = ":deliverystream/"


def apply(_settings: Settings) -> None:
    """Serve the filters that lead to Firehose after those that lead to functions."""
    to_functions = cloudwatch_logs._fanout_to_subscription_filters

    def to_all(group: str, stream: str, events: list[dict[str, Any]]) -> None:
        to_functions(group, stream, events)
        filters = (cloudwatch_logs._log_groups.get(group) or {}).get("subscriptionFilters") or {}
        for found in list(filters.values()):
            if _STREAM in found.get("destinationArn", ""):
                _pass_on(found, stream, events)

    cloudwatch_logs._fanout_to_subscription_filters = to_all


def _pass_on(found: dict[str, str], stream: str, events: list[dict[str, Any]]) -> None:
    matches = cloudwatch_logs._subscription_pattern_matches
    wanted = [event for event in events if matches(found.get("filterPattern", ""), event.get("message", ""))]
    if not wanted:
        return
    now_ms = int(time.time() * 1000)
    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": get_account_id(),
        "logGroup": found["logGroupName"],
        "logStream": stream,
        "subscriptionFilters": [found["filterName"]],
        "logEvents": [
            {
                "id": new_uuid().replace("-", ""),
                "timestamp": event.get("timestamp", now_ms),
                "message": event.get("message", ""),
            }
            for event in wanted
        ],
    }
    record = base64.b64encode(gzip.compress(json.dumps(envelope).encode())).decode()
    target = found["destinationArn"].rpartition(_STREAM)[2]
    try:
        call(firehose._put_record, {"DeliveryStreamName": target, "Record": {"Data": record}})
    except ValueError as error:
        # As on AWS: who logs is not held up by who subscribes.
        _log.warning("subscription %s delivers nothing: %s", found["filterName"], error)
