"""A user's clone of a repository, driven by plain git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Clone:
    """A user's clone, with plain git and settings that could get in the way."""

    def __init__(self, folder: Path, remote: Path) -> None:
        self.folder, self._home = folder, folder.parent
        hooks = self._home / "hooks"
        hooks.mkdir(exist_ok=True)
        (self._home / ".gitconfig").write_text(
            f"[user]\n name = a\n email = a@b\n[core]\n hooksPath = {hooks}\n", encoding="utf-8"
        )
        self._remote, self.name = remote, f"{remote.parent.name}/{remote.stem}"
        folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "local", str(remote))

    def git(self, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=environment | {"HOME": str(self._home)},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Change {', '.join(files)}\n\nAnd say why")
        return self.git("rev-parse", "HEAD")

    def seed(self, branch: str = "main") -> None:
        """Let the remote have the branch without a push, which the server may take up at any later moment."""
        self.git("--git-dir", str(self._remote), "fetch", "-q", str(self.folder), f"{branch}:{branch}")
