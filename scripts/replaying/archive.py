"""The archive of a stage's bus, and the rules that events may be replayed to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import boto3

from replaying.window import Window, name
from stage_client import Stage, StageError

CONSUMERS = "analytics"
_SUFFIX = "RuleArn"
RUNNING = ("STARTING", "RUNNING")


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay as EventBridge tells of it; `at` is how far it has come."""

    name: str
    window: Window
    state: str
    reason: str
    started: datetime
    at: datetime | None

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.state in RUNNING

    @property
    def share(self) -> float:
        """How much of its window is replayed, from 0 to 1."""
        return self.window.share_until(self.at) if self.at else 0.0


class Archive:
    """The archive of the stage's bus."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._events = boto3.client("events")
        self.bus_arn = stage.outputs("platform")["EventBusArn"]
        archives = self._events.list_archives(EventSourceArn=self.bus_arn)["Archives"]
        if not archives:
            raise StageError(f"nothing archives the bus of {stage.name}: deploy the stack platform")
        self.name = archives[0]["ArchiveName"]
        described = self._events.describe_archive(ArchiveName=self.name)
        self.arn, self.days = described["ArchiveArn"], described.get("RetentionDays", 0)

    def rules(self) -> dict[str, str]:
        """ARN of each rule that may hear old news, by name.

        Whether it may is said where the rule is made: its stack exports it as `<Name>RuleArn`. Rules that
        lead to somebody's mailbox, or start work that costs something, are not exported, never replayed to.
        """
        outputs = self._stage.outputs(CONSUMERS)
        return {
            key.removesuffix(_SUFFIX).lower(): arn
            for key, arn in sorted(outputs.items())
            if key.endswith(_SUFFIX)
        }

    def running(self, window: Window, rules: Iterable[str], *, any_end: bool) -> Replay | None:
        """A replay of this window to these rules that goes on: one that began before and was not followed."""
        for found in self._replays(window.start, rules):
            if found.running and (any_end or found.window == window):
                return found
        return None

    def start(self, window: Window, rules: dict[str, str]) -> Replay:
        """Begin a replay. Its name is new: EventBridge keeps the names of replays for 90 days."""
        number = 1 + sum(1 for _ in self._replays(window.start, rules))
        while True:
            chosen = name(self._stage.name, window.start, rules, number)
            try:
                self._events.start_replay(
                    ReplayName=chosen,
                    EventSourceArn=self.arn,
                    EventStartTime=window.start,
                    EventEndTime=window.end,
                    Destination={"Arn": self.bus_arn, "FilterArns": sorted(rules.values())},
                )
            except self._events.exceptions.ResourceAlreadyExistsException:
                number += 1
                continue
            return self.replay(chosen)

    def replay(self, chosen: str) -> Replay:
        """How the replay of that name stands."""
        found = self._events.describe_replay(ReplayName=chosen)
        return Replay(
            name=chosen,
            window=Window(found["EventStartTime"].astimezone(UTC), found["EventEndTime"].astimezone(UTC)),
            state=found["State"],
            reason=found.get("StateReason", ""),
            started=found["ReplayStartTime"],
            at=found.get("EventLastReplayedTime"),
        )

    def _replays(self, start: datetime, rules: Iterable[str]) -> Iterator[Replay]:
        prefix = name(self._stage.name, start, rules)
        answer = self._events.list_replays(NamePrefix=prefix)
        while True:
            for found in answer["Replays"]:
                yield self.replay(found["ReplayName"])
            if not answer.get("NextToken"):
                return
            answer = self._events.list_replays(NamePrefix=prefix, NextToken=answer["NextToken"])
