"""Showing a stage: what is shown is what the README tells, and it ends with the session that shows it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import up

# The parent is looked up before the test hears of it, and may kill it.
CHILD = (
    "import os, threading, up; p = os.getppid(); print('waiting', flush=True); up.wait(threading.Event(), p)"
)
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def test_it_ends_when_the_session_was_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    try:
        assert parent.stdout.readline() == "waiting\n"
        parent.kill()
        # Ends when the child, which writes there too, has ended.
        assert parent.communicate(timeout=30)[0] == ""
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)


def test_the_readme_tells_calls_that_are_shown() -> None:
    readme = (Path(up.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    told = readme.partition("## How a history comes in")[2].partition("```sh\n")[2].partition("```")[0]
    calls = [line.partition("   #")[0].rstrip() for line in told.splitlines()]
    of_one_import = [line for line in calls if "/imports/ID" in line]
    assert len(of_one_import) == 2
    assert [line for line in calls if line not in of_one_import and line not in up.AS_ATHLETE] == []
