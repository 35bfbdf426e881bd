"""One import or undo of an athlete at a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

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


Take = Callable[[float, float], bool]


class Turn(Protocol):
    """The time that one try has: it holds its athlete's lease as long."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """The time of day."""

    @property
    def until(self) -> datetime:
        """When it ends."""

    def check(self) -> None:
        """Later where too little of it is left to begin anything."""

    def renewed(self, take: Take) -> AbstractContextManager[None]:
        """Around the work: `take(now, until)` (Unix times) takes the lease again, False where it is lost."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The turn of an invocation, which ends with it at `until`: nobody outlives it, nothing is renewed."""

    clock: Callable[[], datetime]
    until: datetime

    def check(self) -> None:
        """Later where too little of it is left to begin anything."""
        if self.clock() >= self.until - MARGIN:
            raise Later("the invocation's time is nearly over, another one goes on")

    def renewed(self, take: Take) -> AbstractContextManager[None]:  # noqa: ARG002 - the other turn's matter
        """Nothing is done."""
        return nullcontext()


@contextmanager
def held(leases: Leases, user_id: str, import_id: str, turn: Turn) -> Iterator[None]:
    """Hold the athlete's lease; Later where another import holds it.

    Who is killed cannot give it back: it ends with the turn.
    """
    holder = uuid.uuid4().hex
    take = partial(leases.take, user_id, import_id, holder)
    if not take(turn.clock().timestamp(), turn.until.timestamp()):
        raise Later("another import of the same athlete is running", BUSY_S)
    try:
        with turn.renewed(take):
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
