"""One import or undo of an athlete at a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.observability import logger
from wotr_workers.store import Leases

BUSY_S = 15
# Left at an invocation's end: a batch that meets a throttled table must still come to its end in it.
MARGIN = timedelta(seconds=60)


class Later(Exception):
    """Nothing went wrong, but the rest is another invocation's: its message is to be sent again."""

    def __init__(self, why: str, delay_s: int = 0) -> None:
        super().__init__(why)
        self.delay_s = delay_s


@dataclass(frozen=True, slots=True)
class Turn:
    """The time that one invocation has, which ends at `until`."""

    clock: Callable[[], datetime]
    until: datetime

    def check(self) -> None:
        """Later where too little of it is left to begin anything."""
        if self.clock() >= self.until - MARGIN:
            raise Later("the invocation's time is nearly over, another one goes on")


@contextmanager
def held(leases: Leases, user_id: str, import_id: str, turn: Turn) -> Iterator[None]:
    """Hold the athlete's lease; Later where another import holds it.

    An invocation that is killed cannot give it back: it ends with the invocation's time.
    """
    holder = uuid.uuid4().hex
    now = turn.clock()
    if not leases.take(user_id, import_id, holder, now.timestamp(), turn.until.timestamp()):
        raise Later("another import of the same athlete is running", BUSY_S)
    try:
        yield
    except Exception:
        _give_back(leases, user_id, holder)
        raise
    _give_back(leases, user_id, holder)


def _give_back(leases: Leases, user_id: str, holder: str) -> None:
    try:
        leases.give_back(user_id, holder)
    except (ClientError, BotoCoreError):
        logger.warning("the lease was not given back, it ends by itself", exc_info=True)
