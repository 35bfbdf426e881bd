"""How far a build is, as its record tells it: phases with their times, statuses and reasons."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.builds import objects, records
from localcloud.builds.logs import LogStream, NoLog
from localcloud.builds.shell import Stopped, TimedOut
from localcloud.services import Body


class PhaseFailed(Exception):
    """A phase failed, and is told with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_EXPECTED = (PhaseFailed, ClientError, BotoCoreError, objects.NoFiles, OSError, zipfile.BadZipFile)


class Progress:
    """The record of one build, and its log. ``succeeding`` until a phase fails."""

    def __init__(self, build: str, stop: Event) -> None:
        self.build = build
        self.log: LogStream | NoLog = NoLog()
        self.succeeding = True
        self._stop = stop

    def record(self) -> Body:
        """A copy of the record."""
        return records.told(records.builds, self.build)

    def change(self, **what: Any) -> None:
        """Set these members."""
        with records.change(records.builds, self.build) as record:
            record.update(what)

    @contextmanager
    def phase(self, name: str) -> Iterator[Body]:
        """Tell a phase; what fails in it is told there and does not come out. Stopped and TimedOut do."""
        phase: Body = {"phaseType": name, "startTime": time.time()}
        with records.change(records.builds, self.build) as record:
            record["phases"].append(phase)
            record["currentPhase"] = name
        self.log.note(f"Entering phase {name}")
        status, context = "SUCCEEDED", {"statusCode": "", "message": ""}
        try:
            if self._stop.is_set() and name != "FINALIZING":
                raise Stopped
            yield phase
        except (Stopped, TimedOut) as end:
            status = "STOPPED" if isinstance(end, Stopped) else "TIMED_OUT"
            context = {"statusCode": f"BUILD_{status}", "message": self._why(status)}
            raise
        except _EXPECTED as error:
            status, context = "FAILED", _context(error)
        finally:
            self._end(phase, status, context)

    def _why(self, status: str) -> str:
        if status == "STOPPED":
            return "Build was stopped"
        return f"Build has timed out: it had {self.record()['timeoutInMinutes']} minutes"

    def _end(self, phase: Body, status: str, context: Body) -> None:
        self.succeeding = self.succeeding and status == "SUCCEEDED"
        now = time.time()
        with records.lock:
            phase |= {"endTime": now, "durationInSeconds": round(now - phase["startTime"])}
            phase |= {"phaseStatus": status, "contexts": [context]}
        self.log.note(f"Phase complete: {phase['phaseType']} State: {status}")
        if context["statusCode"]:
            self.log.note(f"Phase context status code: {context['statusCode']} Message: {context['message']}")


def _context(error: Exception) -> Body:
    if isinstance(error, ClientError):
        code = str(error.response["Error"]["Code"])
        denied = code.startswith("AccessDenied") or code == "403"
        return {"statusCode": "ACCESS_DENIED" if denied else "CLIENT_ERROR", "message": str(error)}
    code = error.code if isinstance(error, PhaseFailed) else "CLIENT_ERROR"
    return {"statusCode": code, "message": str(error)}
