"""The turn of a process that has hours: it renews the athlete's lease, until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.observability import logger
from wotr_workers.imports.lease import MARGIN, Later, Take

# A process that is killed holds its athlete up for as long as the lease. Renewed so often, it survives some
# tries that fail.
LEASE = timedelta(seconds=180)
RENEW_S = 30.0


class LongTurn:
    """A turn without an end of its own; `stop` asks for one.

    What was begun under the lease must end under it: nothing begins once less than MARGIN of it is left, as
    where the table cannot be reached for minutes.
    """

    def __init__(self, clock: Callable[[], datetime], stop: Event) -> None:
        self.clock = clock
        self.until = clock() + LEASE
        self._stop = stop

    def check(self) -> None:
        """Later where it is time to stop, or the lease could not be kept."""
        self._go_on()
        if self.clock() >= self.until - MARGIN:
            raise Later("the athlete's lease was not kept")

    def during(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks; Later between two where it is time to stop. A long file is read for minutes."""
        for chunk in chunks:
            self._go_on()
            yield chunk

    @contextmanager
    def renewed(self, take: Take) -> Iterator[None]:
        """Renew the lease every half a minute, in a thread of its own: reading and records take long, too."""
        ended = Event()
        thread = Thread(target=self._keep, args=(take, ended), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()  # a renewal on its way must not come after the lease was given back

    def renew(self, take: Take) -> None:
        """Hold the lease longer; where somebody else has it, this turn is over."""
        now = self.clock()
        try:
            kept = take(now.timestamp(), (now + LEASE).timestamp())
        except (ClientError, BotoCoreError):
            logger.warning("the lease was not renewed, it is tried again", exc_info=True)
        else:
            self.until = now + LEASE if kept else now

    def _keep(self, take: Take, ended: Event) -> None:
        while not ended.wait(RENEW_S):
            self.renew(take)

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Later("the process was told to stop, another one goes on")
