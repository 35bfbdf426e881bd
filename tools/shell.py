"""Run commands: output shown as it comes, failures as one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Command = Sequence[str | Path]


class Failed(Exception):
    """Part of a session did not succeed; the message says which, and what to do where that is known."""


def run(
    command: Command,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    problem: str | None = None,
) -> None:
    """Run ``command`` with its output on the terminal; raise Failed (saying ``problem``) when it fails."""
    sys.stdout.flush()
    done = subprocess.run([str(word) for word in command], env=_environment(env), cwd=cwd, check=False)
    if done.returncode:
        raise Failed(problem or f"{_name(command)} failed (exit {done.returncode})")


def told(command: Command, *, env: Mapping[str, str] | None = None) -> None:
    """Run ``command`` beside others: its output is shown in one piece; raise Failed when it fails."""
    code, output = capture(command, env=env)
    print(output, end="", flush=True)
    if code:
        raise Failed(f"{_name(command)} failed (exit {code})")


def capture(
    command: Command,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    echo: bool = False,
) -> tuple[int, str]:
    """Run ``command``; return its exit code and its output, stdout and stderr mixed.

    With ``echo`` the output is also shown line by line as it comes.
    """
    words = [str(word) for word in command]
    lines = []
    with subprocess.Popen(
        words,
        env=_environment(env),
        cwd=cwd,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line)
                if echo:
                    print(line, end="", flush=True)
        except BaseException:
            process.kill()
            raise
    return process.returncode, "".join(lines)


def end_on_sigterm() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that what it started is stopped on the way out."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def tracked(*patterns: str) -> list[Path]:
    """Return the project's files matching git patterns: committed, or new and not ignored.

    In a build there is the source without its history; then all are new. A repository further up counts for
    nothing.
    """
    with tempfile.TemporaryDirectory() as place:
        git = ["git"]
        if not (ROOT / ".git").exists():
            subprocess.run(["git", "init", "--quiet", "--bare", place], capture_output=True, check=False)
            git += ["--git-dir", place, "--work-tree", "."]
        listing = [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"git ls-files failed in {ROOT}: {done.stderr.strip()}")
    return sorted({ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()})


def _environment(env: Mapping[str, str] | None) -> dict[str, str]:
    """Return the variables of a child: the caller's own without two kinds.

    Python's would leak packages of this process into the child, or have it compile our environments each time
    anew; AWS's would let a session reach an account.
    """
    python = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in python and not name.startswith("AWS_")
    }
    return kept | dict(env or {})


def _name(command: Command) -> str:
    """Name a command in a sentence: the module it runs, or its program."""
    words = [str(word) for word in command]
    return words[2] if words[1:2] == ["-m"] else Path(words[0]).name
