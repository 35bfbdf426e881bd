"""What an action of a pipeline is to the module of its provider (inside the server).

A provider's module has ``CONFIGURATION`` (the configuration keys that it honours), ``REQUIRED`` (those that
must be there) and ``run``. It may have ``problems(configuration)``: what is wrong with values, as texts. A
definition with any other key or provider is refused when the pipeline is made. What ``run`` raises fails the
action with its text.
``run`` does its work with the action's session and nothing else, so that the roles of the template are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Location:
    """An artifact in the artifact store: a zip. ``revision``: the commit that it is of, "" where unknown."""

    bucket: str
    key: str
    kms_key: str = ""
    revision: str = ""


@dataclass(frozen=True)
class Action:
    """One run of one action.

    ``configuration`` has its variables resolved. ``inputs`` by artifact name, ``outputs`` where each goes.
    ``variables``: of the session to act with, see ``service_roles``. ``resumes``: the external id that the
    action had told before the server stopped, "" in its first run. ``stop`` is set when the execution is
    stopped and abandoned, or the server ends. ``tell(external_id, url, summary)`` shows in the pipeline's
    state what is under way. ``source``: the commit that a push or a caller asks a source action for, "" for
    the branch's newest. ``started``: when it began (seconds since 1970), also where it is resumed.
    ``timeout_minutes``: what a manual approval's declaration says, 0 for AWS's own limit.
    """

    pipeline: str
    execution_id: str
    action_execution_id: str
    stage: str
    name: str
    configuration: Mapping[str, str]
    inputs: Mapping[str, Location]
    outputs: Mapping[str, Location]
    variables: Mapping[str, str]
    tell: Callable[..., None]
    stop: Event
    resumes: str = ""
    source: str = ""
    started: float = 0.0
    timeout_minutes: int = 0


@dataclass(frozen=True)
class Outcome:
    """How an action ended. ``summary`` says what was done, or why it failed; ``variables`` others may read.

    ``external_id`` and ``url`` name what it started elsewhere. ``code`` is an error code of ErrorDetails.
    ``revision``: of a source action, with ``revision_url`` and the commit's message as ``summary``.
    """

    status: Literal["Succeeded", "Failed", "Abandoned"]
    summary: str = ""
    external_id: str = ""
    url: str = ""
    code: str = "JobFailed"
    variables: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
    revision_url: str = ""


class Provider(Protocol):
    """A module of a provider."""

    CONFIGURATION: frozenset[str]
    REQUIRED: frozenset[str]

    def run(self, action: Action) -> Outcome: ...


def unknown(provider: Any, configuration: Mapping[str, str]) -> list[str]:
    """What is wrong with an action's configuration: keys that nobody honours, and keys that are missing."""
    surplus, missing = set(configuration) - provider.CONFIGURATION, provider.REQUIRED - set(configuration)
    return [
        *(f"{key} is not honoured on the local cloud" for key in sorted(surplus)),
        *(f"{key} is missing" for key in sorted(missing)),
    ]
