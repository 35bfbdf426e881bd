"""Reading bare git repositories (inside the server)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 120
_ABSENT = "0" * 40
# Nothing of the user's or the machine's settings changes what is read.
_ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}


class GitFailed(Exception):
    """What git said."""


@dataclass(frozen=True)
class Commit:
    """One commit; ``date`` is when it was written, in ISO 8601."""

    id: str
    date: str
    message: str


@dataclass(frozen=True)
class Repository:
    """The bare repository in a folder; ``variables`` are the host's, where its programs are found."""

    folder: Path
    variables: Mapping[str, str]

    def commit(self, revision: str) -> Commit | None:
        """The commit that a branch, a tag or a hash names; None where there is none."""
        try:
            told = self._run("log", "-1", "--format=%H%n%aI%n%B", f"{revision}^{{commit}}", "--")
        except GitFailed:
            return None
        commit_id, date, message = told.decode("utf-8", "replace").split("\n", 2)
        return Commit(commit_id, date, message.strip())

    def branch(self, name: str) -> Commit | None:
        """The newest commit of a branch."""
        return self.commit(f"refs/heads/{name}")

    def changed(self, old: str, new: str) -> tuple[str, ...] | None:
        """Paths that differ between two commits, both names of what was moved; None where ``old`` is none."""
        if old == _ABSENT or self.commit(old) is None:
            return None
        told = self._run("diff", "--name-only", "--no-renames", "-z", old, new, "--")
        return tuple(name for name in told.decode("utf-8", "surrogateescape").split("\0") if name)

    def archive(self, commit: str) -> bytes:
        """The files of a commit as a zip: without history, as the providers of connections give it."""
        return self._run("archive", "--format=zip", "-1", commit)

    def _run(self, *arguments: str) -> bytes:
        program = shutil.which("git", path=self.variables.get("PATH"))
        if program is None:
            raise GitFailed("there is no git on the PATH that this local cloud was started with")
        done = subprocess.run(
            [program, "--git-dir", str(self.folder), *arguments],
            env={"PATH": self.variables.get("PATH", os.defpath), **_ENVIRONMENT},
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
        if done.returncode:
            raise GitFailed(done.stderr.decode("utf-8", "replace").strip())
        return done.stdout


def is_absent(revision: str) -> bool:
    """Whether a hash stands for nothing: what a new ref was before, and a deleted one is afterwards."""
    return revision == _ABSENT
