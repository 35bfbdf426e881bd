"""CloudWatch Logs, by its client: the lines of a build, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from delivery.builds import Build
from delivery.clients import client
from delivery.errors import DeliveryError

_MARGIN = timedelta(minutes=5)  # by which a build's clock and CodeBuild's may differ
_MOST = 10_000  # events in one page


class NoLog(DeliveryError):
    """A build has no log: not yet, or not any more."""


@dataclass(frozen=True)
class Page:
    """Lines, and the token that what follows them is read with."""

    lines: list[str]
    after: str


class BuildLogs:
    """The logs of the account and region that the client leads to.

    A page may be empty and not be the last: only a token that comes back unchanged ends a stream.
    """

    def __init__(self, logs: Any = None) -> None:
        self._client = logs or client("logs")

    def pages(self, build: Build, after: str = "") -> Iterator[Page]:
        """What is there now, from the beginning or ``after`` a token; NoLog."""
        while True:
            answer = self._events(build, token=after, startFromHead=True)
            token = answer["nextForwardToken"]
            yield Page(_lines(answer), token)
            if token == after:
                return
            after = token

    def last(self, build: Build, number: int) -> Page:
        """The last ``number`` lines that are there now; NoLog."""
        lines: list[str] = []
        after = token = ""
        # from its end: else CloudWatch gives empty pages for all the time since
        until = {"endTime": _millis(build.ended + _MARGIN)} if build.ended else {}
        while len(lines) < number:
            limit = min(number, _MOST)
            answer = self._events(build, token=token, startFromHead=False, limit=limit, **until)
            after = after or answer["nextForwardToken"]
            lines = _lines(answer) + lines
            if answer["nextBackwardToken"] == token:
                break
            token = answer["nextBackwardToken"]
        return Page(lines[-number:], after)

    def _events(self, build: Build, token: str, **how: Any) -> Mapping[str, Any]:
        if not build.stream:
            raise NoLog(f"build {build.build_id} has no log in CloudWatch")
        asked = {"logGroupName": build.group, "logStreamName": build.stream, **how}
        asked["startTime"] = _millis(build.started - _MARGIN)
        try:
            answer: Mapping[str, Any] = self._client.get_log_events(
                **asked, **({"nextToken": token} if token else {})
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            where = f"{build.group}, stream {build.stream}"
            raise NoLog(f"the log of build {build.build_id} is not there (any more): {where}") from error
        return answer


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _lines(answer: Mapping[str, Any]) -> list[str]:
    """CodeBuild's messages end with their line's end."""
    return [line for event in answer["events"] for line in event["message"].removesuffix("\n").split("\n")]
