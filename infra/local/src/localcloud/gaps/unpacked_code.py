"""A function's package is unpacked once, not by each worker.

AWS: an environment gets the unpacked code ready-made, read-only.
MiniStack: the server unpacks the zip again for every worker and after every failed call. For a
package of 6 MB that is 0.2 s of the server's own processor time, taken from all other requests.
Bridge: the first worker's unpacked code is kept by the zip's content; workers get a link to it.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from localcloud.gaps import Settings

TOUCHES = ("ministack.core.lambda_runtime:zipfile", "ministack.core.lambda_runtime:Worker._spawn")

_CODE = "code.zip"
_lock = threading.Lock()
_unpacked: dict[str, Path] = {}


def apply(_settings: Settings) -> None:
    """Let the workers' module see another ``ZipFile``."""
    lambda_runtime.zipfile = _Zipfile()


class _Zipfile:
    """Stands in for the module ``zipfile``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(zipfile, name)

    class ZipFile(zipfile.ZipFile):
        """Unpacks a function's code (layers are left as they are) as a link to what is unpacked already."""

        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
            source = Path(str(self.filename))
            if source.name != _CODE or path is None:
                super().extractall(path, members, pwd)
                return
            digest = hashlib.sha256(source.read_bytes()).hexdigest()
            with _lock:
                if digest not in _unpacked:
                    directory = Path(tempfile.mkdtemp(prefix="code-"))
                    super().extractall(directory)
                    _unpacked[digest] = directory
            target = Path(path)
            target.rmdir()
            target.symlink_to(_unpacked[digest], target_is_directory=True)
