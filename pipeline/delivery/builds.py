"""CodeBuild, by its client: how a build went, and where it logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from delivery.clients import client
from delivery.errors import DeliveryError

_AT_ONCE = 100  # builds that one call takes


@dataclass(frozen=True)
class Phase:
    """A phase that has ended, by CodeBuild's name for it."""

    name: str
    seconds: int


@dataclass(frozen=True)
class Build:
    """One build; ``group`` and ``stream`` are "" until CodeBuild has made its log, or where it has none."""

    build_id: str
    complete: bool
    started: datetime
    ended: datetime | None = None
    group: str = ""
    stream: str = ""
    phases: tuple[Phase, ...] = ()


class Builds:
    """The builds of the account and region that the client leads to."""

    def __init__(self, codebuild: Any = None) -> None:
        self._client = codebuild or client("codebuild")

    def known(self, build_ids: Iterable[str]) -> dict[str, Build]:
        """Builds by id, without those that CodeBuild does not know: it forgets them after a year."""
        ids, found = list(dict.fromkeys(build_ids)), dict[str, Build]()
        for first in range(0, len(ids), _AT_ONCE):
            answer = self._client.batch_get_builds(ids=ids[first : first + _AT_ONCE])
            found |= {each["id"]: build(each) for each in answer["builds"]}
        return found

    def one(self, build_id: str) -> Build:
        """The build; DeliveryError where it is not known."""
        try:
            return self.known([build_id])[build_id]
        except KeyError:
            raise DeliveryError(f"CodeBuild does not know the build {build_id} any more") from None


def build(told: Mapping[str, Any]) -> Build:
    """An entry of BatchGetBuilds."""
    logs = told.get("logs", {})
    return Build(
        told["id"],
        told.get("buildComplete", False),
        told["startTime"],
        told.get("endTime"),
        logs.get("groupName", ""),
        logs.get("streamName", ""),
        tuple(
            Phase(each["phaseType"], each["durationInSeconds"])
            for each in told.get("phases", [])
            if "durationInSeconds" in each
        ),
    )
