"""A table's stream goes on after a stop of the server where it was, and so do its readers.

AWS: does not stop.
MiniStack: keeps how far an event source has read, and forgets what there was to read: the reader is deaf
until as many records have come again, and what it had not read is lost. It polls before it serves.
Bridge: the records are kept with the tables, and while the server is off they do not age. A position
beyond the end of a stream, from a state without records, is its end. Polling waits until the server answers.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

import copy
import time
from typing import Any

import ministack.app as server
from ministack.core.arn import parse_arn
from ministack.services import dynamodb, lambda_svc

from localcloud import startup
from localcloud.gaps import Settings

TOUCHES = (
    "ministack.app:_load_persisted_state",
    "ministack.services.dynamodb:_closed_streams",
    "ministack.services.dynamodb:_record_age_cutoff",
    "ministack.services.dynamodb:_stream_records",
    "ministack.services.dynamodb:_stream_trimmed",
    "ministack.services.dynamodb:get_state",
    "ministack.services.dynamodb:load_persisted_state",
    "ministack.services.dynamodb:stream_end_position",
    "ministack.services.lambda_svc:_dynamodb_stream_positions",
    "ministack.services.lambda_svc:_dynamodb_stream_positions_lock",
    "ministack.services.lambda_svc:_ensure_poller",
    "ministack.services.lambda_svc:_esms",
)

_KEPT = "_localcloud_streams"

# When the server was off, from and to.
_pauses: list[tuple[float, float]] = []


def apply(_settings: Settings) -> None:
    """Keep the streams with the tables, take them back first, and poll last."""
    _keep_records()
    _stop_age()
    load = server._load_persisted_state

    def load_and_read_on() -> None:
        poll = lambda_svc._ensure_poller
        lambda_svc._ensure_poller = lambda: None
        try:
            load()
        finally:
            lambda_svc._ensure_poller = poll
        _end_at_the_end()
        if lambda_svc._esms.has_any():
            startup.afterwards(poll)

    server._load_persisted_state = load_and_read_on


def _keep_records() -> None:
    get_state, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_all() -> dict[str, Any]:
        # Records before the count: what expires meanwhile is rather read twice than never.
        streams = {
            "records": copy.deepcopy(dynamodb._stream_records),
            "trimmed": copy.deepcopy(dynamodb._stream_trimmed),
            "closed": copy.deepcopy(dynamodb._closed_streams),
            "pauses": list(_pauses),
            "stopped": time.time(),
        }
        return {**get_state(), _KEPT: streams}

    def load_all(saved: dict[str, Any]) -> None:
        streams = saved.get(_KEPT)
        if streams:
            dynamodb._stream_records.update(streams["records"])
            dynamodb._stream_trimmed.update(streams["trimmed"])
            dynamodb._closed_streams.update(streams["closed"])
            _pauses[:] = _still_counting([*streams["pauses"], (streams["stopped"], time.time())])
        load(saved)

    dynamodb.get_state, dynamodb.load_persisted_state = get_all, load_all


def _still_counting(pauses: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The pauses that the oldest record has been through."""
    streams = dynamodb._stream_records.all_values()
    oldest = min((_created(records[0]) for records in streams if records), default=time.time())
    return [(off, on) for off, on in pauses if oldest <= off]


def _stop_age() -> None:
    expired = dynamodb._record_age_cutoff

    def expired_while_on(record: dict[str, Any], cutoff: float) -> bool:
        created = _created(record)
        return bool(expired(record, cutoff - sum(on - off for off, on in _pauses if created <= off)))

    dynamodb._record_age_cutoff = expired_while_on


def _created(record: dict[str, Any]) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _end_at_the_end() -> None:
    positions = lambda_svc._dynamodb_stream_positions
    with lambda_svc._dynamodb_stream_positions_lock:
        for (account, region, name), position in positions.all_items():
            mapping = lambda_svc._esms.get_scoped(account, region, name)
            if mapping is None:
                continue
            source = parse_arn(mapping["EventSourceArn"])
            table = source.resource.split("/")[1]
            end = dynamodb.stream_end_position(table, account_id=source.account_id, region=source.region)
            positions.set_scoped(account, region, name, min(position, end))
