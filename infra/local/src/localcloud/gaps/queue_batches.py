"""A queue's event source gathers up to BatchSize messages, for as long as the batching window allows.

AWS: up to 10,000 messages of a standard queue, as far as they fit into 6 MB; an incomplete batch
goes out when MaximumBatchingWindowInSeconds have passed.
MiniStack: ten at most, whatever BatchSize says, because that is what one ReceiveMessage gives; it
ignores the window, so that a trickle of messages costs an invocation each.
Bridge: receive again until the batch is full, the queue empty or the payload large enough; leave an
incomplete batch in the queue until its oldest message has waited as long as the window.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import lambda_svc, sqs

from localcloud.gaps import Settings

TOUCHES = (
    "ministack.services.lambda_svc:_sqs_esm_concurrency",
    "ministack.services.sqs:_receive_messages_for_esm",
)

_RECEIVE = 10
# 6 MB less what an event adds around each body, and less one more receive of full-size messages.
_PAYLOAD_BYTES = 3 * 1024 * 1024


def apply(_settings: Settings) -> None:
    """Fill a batch by as many receives as it takes, and wait for more where the window says so."""
    receive_once = sqs._receive_messages_for_esm
    allowed = lambda_svc._sqs_esm_concurrency

    def receive(queue_url: str, max_number: int) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = []
        size = 0
        while len(batch) < max_number and size < _PAYLOAD_BYTES:
            more = receive_once(queue_url, min(_RECEIVE, max_number - len(batch)))
            if not more:
                break
            batch += more
            size += sum(len(message.get("body", "")) for message in more)
        return batch

    def allowed_now(
        source: dict[str, Any], function: dict[str, Any], config: dict[str, Any], queue: dict[str, Any]
    ) -> int:
        # The poller asks this before each receive: no batch in flight is allowed while one gathers.
        limit: int = allowed(source, function, config, queue)
        return 0 if limit and _gathers(source, queue, time.time()) else limit

    sqs._receive_messages_for_esm = receive
    lambda_svc._sqs_esm_concurrency = allowed_now


def _gathers(source: dict[str, Any], queue: dict[str, Any], now: float) -> bool:
    """Whether the messages that wait make no batch yet and may wait for more."""
    window = source.get("MaximumBatchingWindowInSeconds") or 0
    if not window:
        return False
    since = [at for message in list(queue["messages"]) if (at := message.get("visible_at", now)) <= now]
    return bool(since) and len(since) < source.get("BatchSize", 10) and now - min(since) < window
