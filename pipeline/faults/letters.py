"""What lies in the queues where things end that nobody could take."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from consumer import World


class Letters:
    """Taken out once and kept here, so that nothing hides behind the ten messages that one call shows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._kept: list[tuple[str, str]] = []

    def about(self, users: Sequence[str]) -> list[tuple[str, str]]:
        """(queue, body) of every letter that names one of `users`, in whichever queue."""
        with self._lock:
            for name, url in self._world.last_queues.items():
                self._kept += [(name, body) for body in self._drained(url)]
            return [(name, body) for name, body in self._kept if any(user in body for user in users)]

    def _drained(self, url: str) -> Iterator[str]:
        sqs = self._world.sqs
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                yield message["Body"]
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
