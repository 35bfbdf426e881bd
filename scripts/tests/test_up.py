"""Showing a stage ends with the session that shows it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

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
