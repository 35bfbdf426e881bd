"""What of pipelines outlives the server, and how it goes on after a start."""

from __future__ import annotations

import logging
import threading
import time
import urllib.request
from typing import Any

from localcloud import saving, service_roles
from localcloud.pipelines import definitions, engine, manual
from localcloud.pipelines.records import from_plain, lock, to_plain

_WAIT_SECONDS, _LOOK_SECONDS = 60.0, 0.05

_log = logging.getLogger("localcloud")


def save() -> dict[str, Any]:
    """All pipelines with their history, as JSON can say it. Nothing is recorded afterwards."""
    saving.ending.set()
    with lock:
        return {
            "pipelines": [to_plain(each) for each in definitions.everywhere()],
            "decisions": manual.save(),
        }


def load(said: dict[str, Any]) -> None:
    """Take up what ``save`` told; executions go on when the endpoint answers."""
    definitions.replace_all(from_plain(each) for each in said["pipelines"])
    manual.load(said["decisions"])
    threading.Thread(target=_resume, daemon=True, name="localcloud-pipelines-resume").start()


def reset() -> None:
    """Forget everything."""
    with lock:
        before = definitions.everywhere()
        definitions.replace_all(iter(()))
        for each in before:
            engine.cancel_all(each, "The local cloud was reset.")


def _resume() -> None:
    """Actions call the endpoint, which does not listen yet while the state is loaded."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not _serves():
        if time.monotonic() > deadline:
            _log.error("pipelines do not go on: the endpoint does not answer")
            return
        time.sleep(_LOOK_SECONDS)
    for each in definitions.everywhere():
        engine.resume(each)


def _serves() -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{service_roles.endpoint()}/_ministack/health", timeout=2):
            return True
    except OSError:
        return False
