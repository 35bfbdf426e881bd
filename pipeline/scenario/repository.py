"""A scratch clone from which changes are made, committed and pushed, as a developer does it."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Scratch:
    """The clone at ``folder``; its remote ``local`` is what starts pipelines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace ``old``, which has to be there once, in the file ``name``."""
        text = self.read(name)
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        self.write(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        """Add ``text`` at the end of the file ``name``."""
        self.write(name, self.read(name) + text)

    def restore(self, *names: str) -> None:
        """Bring files back to what the first commit of the scenario has."""
        self._git("checkout", "--quiet", "scenario-base", "--", *names)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def push(self, subject: str) -> str:
        """Commit everything and push it to main; the commit."""
        self._git("commit", "--quiet", "--all", "--message", subject)
        self._git("push", "--quiet", "local", "HEAD:main")
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
