"""What CodePipeline hands CodeBuild beside a StartBuild: its artifacts, by the call's idempotency token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from localcloud.pipelines.actions import Location


@dataclass(frozen=True)
class Handover:
    """Artifacts by name; ``primary`` is the input whose files are the source directory's."""

    pipeline: str
    primary: str
    inputs: Mapping[str, Location]
    outputs: Mapping[str, Location]
    revision: str = ""


_waiting: dict[str, Handover] = {}


def give(token: str, handover: Handover) -> None:
    """Leave it for the StartBuild with that token."""
    _waiting[token] = handover


def take(token: str) -> Handover | None:
    """Return what was left, once."""
    return _waiting.pop(token, None)
