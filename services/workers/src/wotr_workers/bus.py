"""The event bus as this service fills it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.events import SOURCE, Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

PUT_EVENTS = 10  # the most that EventBridge takes in one call
PAUSES_S = (0.1, 0.5, 2.0)


class Bus:
    """Takes events; `pause` waits before another try."""

    def __init__(
        self, events: EventBridgeClient, name: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._events = events
        self._name = name
        self._pause = pause

    def put(self, events: Sequence[Event]) -> dict[int, str]:
        """Put `events`; returns why for each position that the bus did not take after some tries."""
        failed: dict[int, str] = {}
        for start in range(0, len(events), PUT_EVENTS):
            failed |= self._put(events, range(start, min(start + PUT_EVENTS, len(events))))
        return failed

    def _put(self, events: Sequence[Event], positions: Sequence[int]) -> dict[int, str]:
        failed = self._try(events, positions)
        for pause_s in PAUSES_S:
            if not failed:
                break
            self._pause(pause_s)
            failed = self._try(events, list(failed))
        return failed

    def _try(self, events: Sequence[Event], positions: Sequence[int]) -> dict[int, str]:
        try:
            answer = self._events.put_events(Entries=[self._entry(events[each]) for each in positions])
        except (ClientError, BotoCoreError) as error:
            return dict.fromkeys(positions, str(error))
        return {
            position: f"{entry['ErrorCode']}: {entry.get('ErrorMessage', '')}"
            for position, entry in zip(positions, answer["Entries"], strict=True)
            if "ErrorCode" in entry
        }

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.name,
            "Detail": event.text(),
            "Time": event.occurred_at,
        }
