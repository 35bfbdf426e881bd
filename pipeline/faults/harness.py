"""The local cloud's faults, over HTTP; see `localcloud.faults`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3

_POOL = urllib3.PoolManager(maxsize=20, retries=False, timeout=urllib3.Timeout(connect=5, read=30))


class NoFaults(Exception):
    """The endpoint cannot inject faults."""


@dataclass(frozen=True)
class Seen:
    """How often a rule struck, what the function has still to do of what it concerns, and is doing now."""

    injected: int
    backlog: int
    at_work: int


class Rule:
    """A rule in force."""

    def __init__(self, name: str) -> None:
        self._name = name

    def look(self) -> Seen:
        """What has come of it so far."""
        said = _call("GET", self._name)
        return Seen(said["injected"], said["backlog"], said["atWork"])

    def end(self) -> None:
        """Take it back."""
        _call("DELETE", self._name)


@contextmanager
def rule(kind: str, function: str, containing: Sequence[str], **more: Any) -> Iterator[Rule]:
    """Have `kind` done to `function` while it works on what contains one of the texts."""
    asked = {"kind": kind, "function": function, "containing": list(containing), **more}
    made = Rule(_call("POST", "", asked)["id"])
    try:
        yield made
    finally:
        made.end()


def _call(method: str, name: str, body: Any = None) -> Any:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        raise NoFaults("faults are injected into a local cloud only: AWS_ENDPOINT_URL is not set")
    url = f"{endpoint}/_wotr/faults{name and '/' + name}"
    answer = _POOL.request(method, url, body=None if body is None else json.dumps(body))
    if answer.status not in {200, 201}:
        raise NoFaults(f"{method} {url} got {answer.status}: {answer.data.decode('utf-8', 'replace')[:300]}")
    return json.loads(answer.data)
