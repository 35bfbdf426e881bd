"""Synthetic calls while a stack is updated, so that a canary never goes without traffic.

All are for the sandbox account, and its workouts start at the same few moments in every run: what is posted
is stored once, however often. What is answered never fails this check: the alarms judge that.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from checks import SANDBOX, SANDBOX_START, changes
from stage_client import Stage, StageError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

A_SECOND = 20  # a tenth of them, for seconds only on a laptop, has to meet every function
PATIENCE_S = 60.0  # for the update to begin
_CALLERS = 8
_LOOK_EVERY_S = 1.0
_STARTS = 24

Phase = str  # before, during or after the update


@dataclass
class Sent:
    """How many calls there were, how many got no answer or one of a failing server, by what was said."""

    calls: int = 0
    failed: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int) -> None:
        """Count one answer; ``status`` 0 is none at all."""
        with self._lock:
            self.calls += 1
            self.failed += status == 0 or status >= 500
            self.answers[str(status or "no answer")] += 1


def send(
    stage: Stage,
    phases: Iterator[Phase],
    *,
    say: Callable[[str], object],
    sleep: Callable[[float], None] = time.sleep,
) -> Sent:
    """Call until ``phases``, asked about once a second, says that the update is over."""
    sent, calls = Sent(), _calls(stage)
    next_line = 1
    with ThreadPoolExecutor(_CALLERS) as callers:
        for second, phase in enumerate(phases, 1):
            if phase == "after":
                break
            began = time.monotonic()
            _second(callers, calls, sent, sleep)
            if second >= next_line:
                say(f"{sent.calls} calls, {sent.failed} failed, {phase} the update")
                next_line = second + 10
            sleep(max(0.0, _LOOK_EVERY_S - (time.monotonic() - began)))
    said = ", ".join(f"{count} × {status}" for status, count in sorted(sent.answers.items()))
    say(f"answers: {said or 'none'}")
    return sent


def watch(
    stack: str,
    change_set: str = "",
    cloudformation: CloudFormationClient | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Phase]:
    """Where the update of a stack is, each time it is asked; it is over as well when it does not begin.

    An update that began and ended between two looks has taken its change set away.
    """
    client = cloudformation or boto3.client("cloudformation")
    started, begun = clock(), False
    while True:
        updating = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"].endswith(
            "_IN_PROGRESS"
        )
        begun = begun or updating
        if updating:
            yield "during"
        elif begun or clock() - started > PATIENCE_S or not _waits(client, stack, change_set):
            yield "after"
            return
        else:
            yield "before"


def _waits(client: CloudFormationClient, stack: str, change_set: str) -> bool:
    try:
        return changes.of(stack, change_set, client).waits
    except (StageError, ClientError) as error:
        if isinstance(error, ClientError) and "NotFound" not in error.response["Error"]["Code"]:
            raise
        return False


def _second(
    callers: ThreadPoolExecutor,
    calls: Iterator[Callable[[], int]],
    sent: Sent,
    sleep: Callable[[float], None],
) -> None:
    under_way: list[Future[None]] = []
    for call in itertools.islice(calls, A_SECOND):
        under_way.append(callers.submit(_noted, sent, call))
        sleep(0.5 / A_SECOND)
    for each in under_way:
        each.result()


def _calls(stage: Stage) -> Iterator[Callable[[], int]]:
    """Health, a workout posted, the same read, over and over; their athlete's totals now and then."""
    role = stage.outputs("auth")["MachineClientRoleArn"]
    known: dict[int, str] = {}

    def post(number: int) -> int:
        started = (SANDBOX_START + timedelta(days=number)).isoformat()
        body = {"userId": SANDBOX, "type": "run", "startedAt": started, "durationMin": 30}
        answer = stage.signed("POST", "/workouts", body, role_arn=role)
        if answer.status == 202:
            known[number] = answer.json()["workoutId"]
        return answer.status

    def read(number: int) -> int:
        if number not in known:
            return stage.call("GET", "/health").status
        return stage.signed("GET", f"/workouts/{SANDBOX}/{known[number]}", role_arn=role).status

    def totals(_number: int) -> int:
        return stage.signed("GET", f"/stats/{SANDBOX}", role_arn=role).status

    def health(_number: int) -> int:
        return stage.call("GET", "/health").status

    for number in itertools.cycle(range(_STARTS)):
        for call in (health, post, read, *([totals] if number % 8 == 0 else [])):
            yield partial(_status, call, number)


def _noted(sent: Sent, call: Callable[[], int]) -> None:
    sent.note(call())


def _status(call: Callable[[int], int], number: int) -> int:
    try:
        return call(number)
    except StageError:  # no answer, which is what is counted
        return 0
