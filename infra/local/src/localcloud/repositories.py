"""Bare git repositories that connections of the local cloud lead to, made by whoever starts it.

``git push`` into one is what a push to GitHub is on AWS: it may start pipelines. A push is noted in the
repository itself, so one that comes while the server is down counts when it is up again.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from localcloud.errors import LocalCloudError

SPOOL = "pushes"
"""File in a repository: a line ``old new ref`` for each ref that was ever pushed, oldest first."""

_NAME = re.compile(r"(?!\.)[\w.-]+/(?!\.)[\w.-]+")
# One write for all refs of a push: appended, lines of pushes at the same time do not mix.
_HOOK = f"""#!/bin/sh
# Notes what was pushed, for the local cloud's pipelines.
refs=$(cat)
printf '%s\\n' "$refs" >> {SPOOL}
"""
_SETTINGS = {
    # A hook folder that the user's own settings name would take the place of ours.
    "core.hooksPath": "hooks",
    # Its process would outlive the push, and the cloud.
    "receive.autogc": "false",
    # What a pipeline is about to fetch stays, even if another push takes it off its branch.
    "gc.auto": "0",
}


def path(repositories: Path, name: str) -> Path:
    """Where the repository ``OWNER/NAME`` lies, whether it is there or not.

    Raises LocalCloudError where ``name`` is none of a repository.
    """
    if not _NAME.fullmatch(name) or name.endswith(".git"):
        raise LocalCloudError(f"a repository is called OWNER/NAME, not {name!r}")
    return repositories / f"{name}.git"


def create(repositories: Path, name: str, *, branch: str = "main") -> Path:
    """Make the bare repository ``OWNER/NAME`` under ``repositories``, or find it there.

    ``branch`` is its default branch. The folder that is returned is what to push to.
    """
    folder = path(repositories, name)
    if not (folder / "HEAD").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _git("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", str(folder))
    for setting, value in _SETTINGS.items():
        _git("--git-dir", str(folder), "config", setting, value)
    (folder / "hooks").mkdir(exist_ok=True)
    hook = folder / "hooks" / "post-receive"
    hook.write_text(_HOOK, encoding="utf-8")
    hook.chmod(0o755)
    return folder


def _git(*arguments: str) -> None:
    """Run git; in a hook of another repository its variables would lead there."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise LocalCloudError(f"git {arguments[0]} failed: {done.stderr.strip()}")
