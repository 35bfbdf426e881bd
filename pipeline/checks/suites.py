"""Which end-to-end tests concern which deployable, and running them on a stage.

A deployable is verified by the tests of what its callers see, chosen so that they take seconds and need no
operator's permissions. All of them run in ``-s e2e``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PIPELINE = Path(__file__).resolve().parents[1]
SMOKE = ("e2e/test_smoke.py",)
# They wait most of the time, each for what an athlete or a machine of its own has sent.
AT_ONCE = ("-n", "4", "--dist", "worksteal")

_WORKOUTS = tuple(
    f"e2e/test_workouts.py::{name}"
    for name in (
        "test_a_machines_workout_is_stored_as_sent_and_counted",
        "test_the_same_start_twice_is_one_workout",
        "test_an_athlete_sees_their_own_workouts_only",
        "test_a_window_over_everybody_is_paged_without_loss_or_repetition",
        "test_bad_input_is_answered_with_the_field",
        "test_nobody_gets_in_without_being_let_in",
        "test_a_cold_start_is_counted",
    )
)
_TRAINING = tuple(
    f"e2e/test_training.py::{name}"
    for name in (
        "test_a_file_that_does_not_say_its_unit_is_refused_with_the_question",
        "test_a_strength_history_becomes_sessions_records_and_load",
        "test_an_import_is_taken_back_to_what_was_there_before",
        "test_a_record_falls_back_when_its_session_is_deleted",
    )
)
_VIEWS = (
    "e2e/test_training.py::test_the_newest_ten_sessions_are_ready_for_their_athlete_alone",
    "e2e/test_scripts.py::test_what_the_collector_recorded_can_be_listed_and_read",
)
# The stage's other deployables serve nobody by themselves: SMOKE asks whether all still do.
CONCERNS: dict[str, tuple[str, ...]] = {
    "platform": _WORKOUTS,
    "data": (*_WORKOUTS, *_TRAINING),
    "auth": _WORKOUTS,
    "workers": (*_WORKOUTS, *_TRAINING),
    "api": (*_WORKOUTS, _TRAINING[1]),
    "analytics": (*_WORKOUTS[:2], *_VIEWS),
}


@dataclass(frozen=True)
class Ended:
    """What a run of tests came to: ``text`` as in ``31 passed in 12 s``."""

    good: bool
    text: str


def verifying(deployable: str) -> tuple[str, ...]:
    """The tests that verify a deployable: those that concern it, and what any stage has to hold."""
    return (*SMOKE, *CONCERNS.get(deployable, ()))


def run(stage: str, tests: Sequence[str]) -> Ended:
    """Run ``tests`` (pytest's ids, relative to pipeline/) on a stage, with their output on this one."""
    began = time.monotonic()
    usual = ["-q", "-p", "no:cacheprovider", "--durations=5"]
    command = [sys.executable, "-m", "pytest", *usual, *AT_ONCE, *tests]
    done = subprocess.run(
        command,
        cwd=PIPELINE,
        env=os.environ | {"WOTR_STAGE": stage},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout, end="", flush=True)
    return Ended(done.returncode == 0, counted(done.stdout, time.monotonic() - began))


def counted(output: str, seconds: float) -> str:
    """Pytest's closing line in few words: ``1 failed, 30 passed in 12 s``."""
    last = output.rstrip().rpartition("\n")[2]
    parts = re.findall(r"\d+ (?:failed|passed|errors?|skipped)", last)
    return f"{', '.join(parts) or 'nothing ran'} in {seconds:.0f} s"
