"""A queue's event source hands over up to BatchSize messages at once.

AWS: up to 10,000 messages of a standard queue, as far as they fit into 6 MB.
MiniStack: ten at most, whatever BatchSize says, because that is what one ReceiveMessage gives.
Bridge: receive again until the batch is full, the queue empty or the payload large enough. Nothing
waits for the batching window: what is there is taken.
"""

from __future__ import annotations

from typing import Any

from ministack.services import sqs

from localcloud.gaps import Settings

TOUCHES = ("ministack.services.sqs:_receive_messages_for_esm",)

_RECEIVE = 10
# 6 MB less what an event adds around each body, and less one more receive of full-size messages.
_PAYLOAD_BYTES = 3 * 1024 * 1024


def apply(_settings: Settings) -> None:
    """Fill a batch by as many receives as it takes."""
    receive_once = sqs._receive_messages_for_esm

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

    sqs._receive_messages_for_esm = receive
