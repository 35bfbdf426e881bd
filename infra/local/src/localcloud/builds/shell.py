"""The shell that a build's commands share: what one of them sets, the next one finds.

Standard library only. A command that ends the shell (``exit 1``) ends only itself: the next one gets another
shell, with the exported variables and the directory of the first. The shell and all that it started die with
the server, however that ends: a process of the group waits at a pipe that only the server holds open.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event

_POLL_SECONDS = 0.1
_NICENESS = 15
# Read from the shell's own input: whether the build is succeeding, then the path of a script to take in.
_DRIVER = r"""
exec 3<&0 4>&1 </dev/null
( ( IFS= read -r _ <'@lifeline@'; kill -s KILL -- "-$$" ) 3<&- 4>&- >/dev/null 2>&1 & )
trap 'localcloud_code=$?; export -p >'"'@state@'"'; pwd >'"'@directory@'"'
{ printf "\001@token@ %d end\n" "$localcloud_code" >&4; } 2>/dev/null' EXIT
if [ -f '@state@' ]; then . '@state@'; cd "$(cat '@directory@')"; fi
while IFS= read -r CODEBUILD_BUILD_SUCCEEDING <&3 && IFS= read -r localcloud_script <&3; do
    export CODEBUILD_BUILD_SUCCEEDING
    . "$localcloud_script" 3<&- 4>&-
    printf '\001@token@ %d\n' "$?" >&4
done
trap - EXIT
"""


class Stopped(Exception):
    """The build was stopped while a command ran."""


class TimedOut(Exception):
    """The build's time was over while a command ran."""


class Shell:
    """Runs commands one after the other and says their output line by line.

    ``program`` is the shell, ``directory`` where it begins, ``scratch`` a directory of its own. ``mark`` is a
    variable with its value that only this build's processes have: those that left the group are found by it.
    A shell that ``gives_way`` gets what everything else on the machine leaves of its processors.
    """

    def __init__(
        self,
        program: str,
        environment: Mapping[str, str],
        directory: Path,
        scratch: Path,
        *,
        say: Callable[[str], None],
        mark: str = "",
        gives_way: bool = False,
    ) -> None:
        self._program = program
        self._environment = dict(environment)
        self._directory = directory
        self._scratch = scratch
        self._say = say
        self._mark = mark.encode()
        self._gives_way = gives_way
        self._token = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._words: SimpleQueue[tuple[int, bool]] = SimpleQueue()
        self._reader: threading.Thread | None = None
        # Of all shells so far. The process at the lifeline keeps each from being another's.
        self._groups: list[int] = []
        self._scripts = 0
        self._lifeline = scratch / "lifeline"
        os.mkfifo(self._lifeline)
        # For reading too, so that opening waits for nobody.
        self._alive = os.open(self._lifeline, os.O_RDWR | os.O_CLOEXEC)

    def run(self, command: str, *, succeeding: bool, until: float, stop: Event) -> int:
        """Its exit status. Stopped or TimedOut (``until``: monotonic clock) leave nothing running."""
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None
        self._scripts += 1
        script = self._scratch / f"command-{self._scripts}"
        script.write_text(command + "\n", encoding="utf-8")
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{int(succeeding)}\n{script}\n".encode())
            self._process.stdin.flush()
        while True:
            with contextlib.suppress(Empty):
                code, ended = self._words.get(timeout=_POLL_SECONDS)
                if ended:
                    self._bury()
                return code
            if stop.is_set() or time.monotonic() >= until:
                self.close()
                raise Stopped if stop.is_set() else TimedOut
            if self._process.poll() is not None:
                return self._without_word(self._process)

    def _bury(self) -> None:
        """Let the next command have another shell. What this one started goes on."""
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()

    def close(self) -> None:
        """Kill the shell and everything that it started."""
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        self._groups.clear()
        self._kill_strays()
        self._bury()
        if self._reader is not None:
            self._reader.join(timeout=5)

    def end(self) -> None:
        """Close, for good."""
        self.close()
        os.close(self._alive)

    def _start(self) -> subprocess.Popen[bytes]:
        names = {"token": self._token, "lifeline": str(self._lifeline)}
        names |= {"state": str(self._scratch / "state"), "directory": str(self._scratch / "directory")}
        text = _DRIVER
        for name, value in names.items():
            text = text.replace(f"@{name}@", value)
        driver = self._scratch / "driver"
        driver.write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [self._program, str(driver)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._directory,
            env=self._environment,
            start_new_session=True,
        )
        self._groups.append(process.pid)
        if self._gives_way:
            _run_behind_others(process.pid)
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True, name="build-output")
        self._reader.start()
        return process

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        descriptor, ending, rest = process.stdout.fileno(), f"\x01{self._token} ".encode(), b""
        while content := os.read(descriptor, 1 << 16):
            *lines, rest = (rest + content).split(b"\n")
            for line in lines:
                before, marked, word = line.partition(ending)
                if before or not marked:
                    self._say(before.decode(errors="replace").rstrip("\r"))
                if marked:
                    code, _, end = word.partition(b" ")
                    self._words.put((int(code), bool(end)))
        if rest:
            self._say(rest.decode(errors="replace"))
        process.stdout.close()

    def _without_word(self, process: subprocess.Popen[bytes]) -> int:
        """The code of a command that replaced or killed the shell, or its word if that is just being read."""
        if self._reader is not None:
            self._reader.join(timeout=1)
        self._bury()
        with contextlib.suppress(Empty):
            return self._words.get_nowait()[0]
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _kill_strays(self) -> None:
        """Those that made a session of their own; to be found on Linux only."""
        if not self._mark or not Path("/proc").is_dir():
            return
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                with contextlib.suppress(OSError):  # ended, or somebody else's
                    if self._mark in (process / "environ").read_bytes().split(b"\0"):
                        os.kill(int(process.name), signal.SIGKILL)


def _run_behind_others(process: int) -> None:
    """Lower the priority of a new session, and of what it starts."""
    os.setpriority(os.PRIO_PROCESS, process, _NICENESS)
    # Where Linux weighs whole sessions against each other, this is what counts.
    group = Path(f"/proc/{process}/autogroup")
    if group.exists():
        group.write_text(str(_NICENESS), encoding="ascii")
