"""A build's shell: what its commands share, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from localcloud.builds.shell import Shell, TimedOut

SOURCE = Path(__file__).resolve().parents[1] / "src"
LONG = 60.0


class Session:
    """A shell with the lines that it said."""

    def __init__(self, program: str, directory: Path) -> None:
        self.lines: list[str] = []
        environment = {"PATH": os.environ["PATH"], "MARK": str(directory)}
        mark = f"MARK={directory}"
        self.shell = Shell(program, environment, directory, directory, say=self.lines.append, mark=mark)

    def run(self, command: str, seconds: float = LONG) -> int:
        until = time.monotonic() + seconds
        return self.shell.run(command, succeeding=True, until=until, stop=Event())


@pytest.fixture(params=["/bin/sh", "bash"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    directory = tmp_path / "with a space"
    directory.mkdir()
    made = Session(request.param, directory)
    yield made
    made.shell.end()


def test_what_one_command_sets_the_next_one_finds(session: Session) -> None:
    assert session.run("A=1; export B='x y'; said() { echo \"$A $B\"; }; cd /") == 0
    assert session.run("said; pwd; printf 'no end of line'") == 0
    assert session.lines == ["1 x y", "/", "no end of line"]


def test_a_command_has_its_own_exit_status(session: Session) -> None:
    assert [session.run(command) for command in ("false", "true", "sh -c 'exit 7'", "nothing-like-it")] == [
        1,
        0,
        7,
        127,
    ]


def test_whatever_ends_the_shell_the_next_command_runs(session: Session) -> None:
    session.run("export KEPT=kept; cd /")
    endings = ("exit 3", "if", "exec sh -c 'exit 5'", "kill -KILL $$", "set -e; false")
    assert [session.run(ending) != 0 for ending in endings] == [True] * len(endings)
    for _ in range(20):
        assert session.run("exit 4") == 4
        assert session.run("true") == 0, "the status is that of the command before"
    session.lines.clear()
    session.run("echo $KEPT; pwd")
    assert session.lines == ["kept", "/"]


def test_a_command_reads_nothing_and_does_not_hear_of_the_shells_own_pipes(session: Session) -> None:
    assert session.run("cat; read line") == 1
    assert session.run("echo word >&3") != 0


def test_what_is_started_in_the_background_goes_on_until_the_end(session: Session, tmp_path: Path) -> None:
    session.run(f"sleep 300 & echo $! >>'{tmp_path}/pids'; exit 0")
    session.run(f"setsid sleep 300 & echo $! >>'{tmp_path}/pids'; wait_not=1")
    processes = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert [alive(process) for process in processes] == [True, True]
    session.shell.close()
    assert [alive(process) for process in processes] == [False, False]


def test_when_its_time_is_over_nothing_is_left(session: Session, tmp_path: Path) -> None:
    with pytest.raises(TimedOut):
        session.run(f"sleep 300 & echo $! >'{tmp_path}/pid'; wait", seconds=1.0)
    assert not alive(int((tmp_path / "pid").read_text()))


SERVER = """
import sys, time
from pathlib import Path
from threading import Event
from localcloud.builds.shell import Shell
directory = Path(sys.argv[1])
shell = Shell("/bin/sh", {"PATH": sys.argv[2]}, directory, directory, say=print)
command = f"sleep 300 & echo $! >{directory}/pid; wait"
shell.run(command, succeeding=True, until=time.monotonic() + 60, stop=Event())
"""


def test_it_dies_with_the_server_however_that_ends(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path), os.environ["PATH"]], env={"PYTHONPATH": str(SOURCE)}
    )
    noted = tmp_path / "pid"
    eventually(lambda: noted.exists() and noted.read_text().strip())
    process = int(noted.read_text())
    assert alive(process)
    server.send_signal(signal.SIGKILL)
    server.wait()
    eventually(lambda: not alive(process))


def alive(process: int) -> bool:
    """Whether it runs; one that nobody has waited for yet does not."""
    told = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], check=False, capture_output=True, text=True
    )
    return told.stdout.strip()[:1] not in ("", "Z")


def eventually(question: object) -> None:
    deadline = time.monotonic() + 10
    while not question():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)
