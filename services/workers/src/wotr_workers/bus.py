"""The event bus as this service fills it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from wotr_common.events import SOURCE, Event
from wotr_workers.outbox import Unreachable

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

PUT_EVENTS = 10  # the most that EventBridge takes in one call
_LATER = {"InternalException", "InternalFailure", "ServiceUnavailable", "Throttling", "ThrottlingException"}
_SERVER_ERROR = 500


class Bus:
    """Takes events."""

    def __init__(self, events: EventBridgeClient, name: str) -> None:
        self._events = events
        self._name = name

    def put(self, events: Sequence[Event]) -> list[str | None]:
        """Put up to ten `events`, in order; why each was refused, None for those taken.

        Unreachable where the bus takes nothing for now. A call that is refused for what is in it, such as an
        event that is too large, is made again for each event alone.
        """
        try:
            answer = self._events.put_events(Entries=[self._entry(each) for each in events])
        except BotoCoreError as error:
            raise Unreachable(str(error)) from error
        except ClientError as error:
            if _is_for_now(error):
                raise Unreachable(str(error)) from error
            return [str(error)] if len(events) == 1 else [self.put([each])[0] for each in events]
        return [
            f"{entry['ErrorCode']}: {entry.get('ErrorMessage', '')}" if "ErrorCode" in entry else None
            for entry in answer["Entries"]
        ]

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.name,
            "Detail": event.text(),
            "Time": event.occurred_at,
        }


def _is_for_now(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or error.response["Error"]["Code"] in _LATER
