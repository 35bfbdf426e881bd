"""One deployment: hook, shift, hook, with an eye on the alarms, and back where it came from if it must.

Everything is done as the group's service role. A minute of an interval takes ``Settings.minute`` seconds.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.responses import get_account_id, get_region, request_scope

from localcloud import saving, service_roles
from localcloud.deployments import appspec, configurations, records, store
from localcloud.services import Body

PRINCIPAL = "codedeploy.amazonaws.com"

# https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
_HOOK_MINUTES = 60
_LOOKS_A_MINUTE = 12
_LOOK_SECONDS = (0.4, 5.0)
_SESSION_SECONDS = 3600

_log = logging.getLogger("localcloud")
_clients: dict[tuple[str, str, str], tuple[float, Any]] = {}


class Ended(Exception):
    """A deployment cannot go on; ``status`` and ``code`` as its description says it."""

    def __init__(self, code: str, message: str, status: str = "Failed") -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class _CutOff(Exception):
    """The server ends: the record is left as it is."""


def begin(record: Body, minute: float) -> None:
    """Carry out a deployment on a thread of its own, in the account and region of the caller."""
    account, region = get_account_id(), get_region()

    def run() -> None:
        with request_scope(account, region):
            _Shift(record, minute).run()

    name = f"deployment-{record['info']['deploymentId']}"
    threading.Thread(target=run, daemon=True, name=name).start()


def end_interrupted(record: Body) -> None:
    """End a deployment that a stop of the server cut off: it failed, and its alias goes back."""
    shift = _Shift(record, 0.0)
    if not store.ended(record):
        words = "The local cloud stopped while the deployment was in progress."
        shift.fail(Ended("INTERNAL_ERROR", words), always_back=True)


class _Shift:
    def __init__(self, record: Body, minute: float) -> None:
        self.record = record
        self.info: Body = record["info"]
        self.target: Body = record["target"]
        self.spec = appspec.AppSpec(**record["appspec"])
        self.minute = minute
        low, high = _LOOK_SECONDS
        self.look_seconds = min(max(minute / _LOOKS_A_MINUTE, low), high)
        self.looked = 0.0

    def run(self) -> None:
        """Do all of it; the record says how it went."""
        try:
            self._start()
            self._hook(appspec.BEFORE)
            self._allow_traffic()
            self._hook(appspec.AFTER)
            self._watch()
            self._end("Succeeded")
        except _CutOff:
            _log.info("%s is cut off, and ends after the next start", self.info["deploymentId"])
        except Ended as end:
            self.fail(end)
        except service_roles.NotTrusted as error:
            self.fail(Ended("IAM_ROLE_PERMISSIONS", str(error)))
        except (ClientError, BotoCoreError) as error:
            self.fail(Ended(_code(error), f"The service role {self.record['role']}: {error}"))
        except Exception as error:  # noqa: BLE001 - the deployment tells it, the log has the trace
            _log.exception("%s failed", self.info["deploymentId"])
            self.fail(Ended("INTERNAL_ERROR", f"{type(error).__name__}: {error}"))

    def _start(self) -> None:
        self.info.update(status="InProgress", startTime=store.now())
        self.target["status"] = "InProgress"
        self.info["deploymentOverview"] = records.counted("InProgress")
        store.tell_changed()
        self._watch()
        alias = self._lambda().get_alias(FunctionName=self.spec.function, Name=self.spec.alias)
        if alias["FunctionVersion"] != self.spec.current:
            raise Ended(
                "INVALID_LAMBDA_CONFIGURATION",
                "The Lambda function alias version does not match the current version in AppSpec file: "
                f"{self.spec.function}:{self.spec.alias} is version {alias['FunctionVersion']}, "
                f"not {self.spec.current}.",
            )

    def _allow_traffic(self) -> None:
        self._event("AllowTraffic", "InProgress", startTime=store.now())
        for step in configurations.steps(self.record["routing"]):
            self._give(step.percent)
            self._wait(step.minutes, lambda: False)
        self._event("AllowTraffic", "Succeeded", endTime=store.now())

    def _give(self, percent: int) -> None:
        """Let the new version have this share of the alias's traffic."""
        whole = percent == 100
        weights = {} if whole else {self.spec.target: percent / 100}
        self._lambda().update_alias(
            FunctionName=self.spec.function,
            Name=self.spec.alias,
            FunctionVersion=self.spec.target if whole else self.spec.current,
            RoutingConfig={"AdditionalVersionWeights": weights},
        )
        self.target["lambdaFunctionInfo"]["targetVersionWeight"] = percent / 100
        self.target["lastUpdatedAt"] = store.now()
        _log.info("%s: %d %% of %s goes to version %s", *self._named(percent), self.spec.target)
        store.tell_changed()

    def _hook(self, event: str) -> None:
        function = self.spec.hooks.get(event)
        if not function:
            self._event(event, "Skipped", startTime=store.now(), endTime=store.now())
            return
        hook = {"id": secrets.token_urlsafe(48), "status": "InProgress"}
        self.record["hooks"][event] = hook
        self._event(event, "InProgress", startTime=store.now())
        said = {"DeploymentId": self.info["deploymentId"], "LifecycleEventHookExecutionId": hook["id"]}
        self._lambda().invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(said))
        told = self._wait(_HOOK_MINUTES, lambda: hook["status"] != "InProgress")
        if hook["status"] == "Succeeded":
            self._event(event, "Succeeded", endTime=store.now())
            return
        why = "said that it failed" if told else f"did not answer within {_HOOK_MINUTES} minutes"
        raise Ended("HOOK_EXECUTION_FAILURE", f"The {event} hook {function} {why}.")

    def _wait(self, minutes: float, done: Callable[[], bool]) -> bool:
        """Wait, and watch; whether ``done`` came before the time was over."""
        until = time.monotonic() + minutes * self.minute
        while not done():
            left = until - time.monotonic()
            if left <= 0:
                return False
            with store.changed:
                if not done() and not self.record["stop"]:
                    store.changed.wait(min(left, self.look_seconds))
            self._go_on()
            # Other deployments' changes wake this one, too, and looking at alarms is a call.
            if time.monotonic() - self.looked >= self.look_seconds:
                self._look_at_alarms()
        return True

    def _watch(self) -> None:
        self._go_on()
        self._look_at_alarms()

    def _go_on(self) -> None:
        """Raise Ended when somebody stops the deployment."""
        if saving.ending.is_set():
            raise _CutOff
        if self.record["stop"]:
            raise Ended("MANUAL_STOP", self.record["stop"], "Stopped")

    def _look_at_alarms(self) -> None:
        """Raise Ended when an alarm of the group is raised."""
        self.looked = time.monotonic()
        alarms = self.record["alarms"]
        if not alarms.get("enabled") or not alarms.get("alarms"):
            return
        wanted = [alarm["name"] for alarm in alarms["alarms"]]
        try:
            found = self._client("cloudwatch").describe_alarms(
                AlarmNames=wanted, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
        except (ClientError, BotoCoreError) as error:
            if alarms.get("ignorePollAlarmFailure"):
                _log.warning("%s goes on without its alarms: %s", self.info["deploymentId"], error)
                return
            raise
        states = {a["AlarmName"]: a["StateValue"] for a in found["MetricAlarms"] + found["CompositeAlarms"]}
        missing = [name for name in wanted if name not in states]
        if missing and not alarms.get("ignorePollAlarmFailure"):
            raise Ended(
                "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND", f"There is no alarm called {', '.join(missing)}."
            )
        if active := [name for name in wanted if states.get(name) == "ALARM"]:
            raise Ended(
                "ALARM_ACTIVE",
                "One or more alarms have been activated according to the Amazon CloudWatch metrics you "
                f"selected, and the affected deployments have been stopped. Activated alarms: "
                f"{', '.join(active)}",
                "Stopped",
            )

    # The end

    def fail(self, end: Ended, *, always_back: bool = False) -> None:
        """Take the traffic back where the group wants that, and say why."""
        if saving.ending.is_set() and not always_back:
            return  # what fails because the server ends is cut off
        for event in self.target["lifecycleEvents"]:
            if event["status"] == "InProgress":
                # "UnknownError": the event is no script, of which the other codes tell.
                diagnostics = {"errorCode": "UnknownError", "message": str(end)}
                event.update(status="Failed", endTime=store.now(), diagnostics=diagnostics)
            elif event["status"] == "Pending":
                event["status"] = "Skipped"
        back = always_back or self._rolls_back(end)
        if back:
            self._go_back()
        self._end(end.status, {"code": end.code, "message": str(end)})

    def _rolls_back(self, end: Ended) -> bool:
        if end.code == "MANUAL_STOP":
            cause = "DEPLOYMENT_STOP_ON_REQUEST"
            if self.record["back"] is not None:
                return bool(self.record["back"])
        else:
            cause = "DEPLOYMENT_STOP_ON_ALARM" if end.code == "ALARM_ACTIVE" else "DEPLOYMENT_FAILURE"
        wanted = self.record["rollback"]
        return bool(wanted.get("enabled")) and cause in wanted.get("events", [])

    def _go_back(self) -> None:
        """Give the alias its version again, as a deployment of its own that is told in both."""
        own, back = self.info["deploymentId"], store.new_deployment_id()
        spec = self.spec
        words = f"{spec.function}:{spec.alias} serves version {spec.current} again."
        problem: Body = {}
        try:
            self._lambda().update_alias(
                FunctionName=spec.function,
                Name=spec.alias,
                FunctionVersion=spec.current,
                RoutingConfig={"AdditionalVersionWeights": {}},
            )
        except (ClientError, BotoCoreError, service_roles.NotTrusted) as error:
            words = f"{spec.function}:{spec.alias} could not be given version {spec.current} again: {error}"
            problem = {"code": _code(error), "message": words}
            _log.error("%s: %s", own, words)
        self.target["lambdaFunctionInfo"]["targetVersionWeight"] = 0.0
        self.info["rollbackInfo"] = {"rollbackDeploymentId": back, "rollbackMessage": words}
        store.deployments[back] = records.rollback(self.record, back, problem)

    def _end(self, status: str, problem: Body | None = None) -> None:
        done = "Succeeded" if status == "Succeeded" else "Failed"
        self.target.update(status=done, lastUpdatedAt=store.now())
        self.info["deploymentOverview"] = records.counted(done)
        self.info["completeTime"] = store.now()
        if problem:
            self.info["errorInformation"] = problem
            _log.warning("%s: %s, %s", self.info["deploymentId"], status, problem["message"])
        self.info["status"] = status
        store.tell_changed()

    # Parts

    def _event(self, name: str, status: str, **when: float) -> None:
        (event,) = [e for e in self.target["lifecycleEvents"] if e["lifecycleEventName"] == name]
        event.update(status=status, **when)
        self.target["lastUpdatedAt"] = store.now()
        store.tell_changed()

    def _named(self, percent: int) -> tuple[str, int, str]:
        return self.info["deploymentId"], percent, f"{self.spec.function}:{self.spec.alias}"

    def _lambda(self) -> Any:
        return self._client("lambda")

    def _client(self, service: str) -> Any:
        """A client with the group's role; trust is asked each time, a client costs and is kept."""
        role = self.record["role"]
        service_roles.must_trust(role, PRINCIPAL)
        key = (role, service, get_region())
        made, client = _clients.get(key, (0.0, None))
        if time.monotonic() - made > _SESSION_SECONDS or client is None:
            variables = service_roles.credentials(role, PRINCIPAL, "CodeDeploy")
            client = service_roles.client(service, variables)
            _clients[key] = time.monotonic(), client
        return client


def _code(error: Exception) -> str:
    told = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if told == "ResourceNotFoundException":
        return "INVALID_LAMBDA_FUNCTION"
    if told.startswith("AccessDenied") or isinstance(error, service_roles.NotTrusted):
        return "IAM_ROLE_PERMISSIONS"
    return "THROTTLED" if told.startswith("TooManyRequests") else "INTERNAL_ERROR"
