"""What stands in for a build's image: this machine, with nothing of its user's environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.builds.progress import PhaseFailed

_ANY_PYTHON = re.compile(r"latest|3\.(x|\d+)")
_HASH_FILES = """#!{python}
import hashlib, os, sys
sys.path.insert(0, {package!r})
from pathlib import Path
from localcloud.builds.matching import matched
source = Path(os.environ["CODEBUILD_SRC_DIR"])
paths = matched(source, sys.argv[1:])
if not paths:
    sys.exit("codebuild-hash-files: no file fits " + " ".join(sys.argv[1:]))
digests = [hashlib.sha256((source / path).read_bytes()).digest() for path in paths]
print(hashlib.sha256(b"".join(digests)).hexdigest())
"""


@dataclass(frozen=True)
class Image:
    """``host``: variables that say where programs and packages are found, see Settings.

    ``python`` is the functions' interpreter, and so that of builds: what is built here is for them.
    """

    host: Mapping[str, str]
    python: Path

    def variables(self, directory: Path) -> dict[str, str]:
        """The image's variables in the build whose ``directory`` that is."""
        home, programs = directory / "home", directory / "bin"
        for made in (home, programs, directory / "tmp"):
            made.mkdir()
        for name in ("python", "python3"):
            _install(programs / name, f'#!/bin/sh\nexec "{self.python.resolve()}" "$@"\n')
        _install(programs / "codebuild-hash-files", _hash_files())
        return {
            "LANG": "C.UTF-8",
            **self.host,
            "PATH": os.pathsep.join((str(programs), self.host.get("PATH", os.defpath))),
            "HOME": str(home),
            "TMPDIR": str(directory / "tmp"),
            "WOTR_PACKAGE_TARGET": "host",
        }


def runtime(wanted: str, note: Callable[[str], None]) -> None:
    """Say which Python there is where another one is asked for; PhaseFailed where none could do."""
    if not _ANY_PYTHON.fullmatch(wanted):
        raise PhaseFailed("YAML_FILE_ERROR", f"runtime-versions: there is no python {wanted} here")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if wanted not in ("latest", "3.x", here):
        note(f"python {wanted} is asked for: builds here have the local cloud's own, as functions do: {here}")


def _hash_files() -> str:
    return _HASH_FILES.format(python=sys.executable, package=str(Path(__file__).resolve().parents[2]))


def _install(program: Path, content: str) -> None:
    program.write_text(content, encoding="utf-8")
    program.chmod(0o755)
