"""Containers as processes: as much of a Docker client as MiniStack's ECS uses (used inside the server).

An image is the zip of a build context, in a bucket: `BUCKET/REPOSITORY:TAG` is the object
`REPOSITORY/TAG.zip`. Its Dockerfile says what is copied where and what is run; the process finds the copies
by their paths on this machine and runs on the functions' interpreter, without its packages: it has what the
image has.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import signal
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from localcloud import dockerfile

GRACE_S = 30.0  # from SIGTERM to SIGKILL, unless the task definition says otherwise
Fetch = Callable[[str, str], bytes | None]
Variables = dict[str, str]


class NoImage(Exception):
    """There is no such image."""


class Container:
    """One process, under the names that Docker's client has for things. Its id begins with its process id."""

    def __init__(self, process: subprocess.Popen[bytes], labels: Mapping[str, str]) -> None:
        self._process = process
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self.labels = dict(labels)
        self.id = f"{process.pid}-{secrets.token_hex(16)}"
        self.attrs: dict[str, Any] = {"NetworkSettings": {"Networks": {}}}
        self.held = False  # it shows as running while somebody else says why it ended
        threading.Thread(target=self._read, daemon=True, name=f"container-{process.pid}").start()

    @property
    def status(self) -> str:
        """`running` or `exited`."""
        return "running" if self.held or self._process.poll() is None else "exited"

    def reload(self) -> None:
        """The status is always of now."""

    def wait(self) -> dict[str, int]:
        """Wait for its end; the code as Docker tells it, 137 where it was killed."""
        code = self._process.wait()
        return {"StatusCode": code if code >= 0 else 128 - code}

    def stop(self, timeout: float = GRACE_S) -> None:
        """SIGTERM, and SIGKILL where it is not over within `timeout` seconds."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def remove(self, **_options: Any) -> None:
        """Nothing is left of it."""

    def logs(self, *, stream: bool = False, **_options: Any) -> Any:
        """Its output line by line until its end; to be read once."""
        return self._output() if stream else b""

    def _output(self) -> Iterator[bytes]:
        while (line := self._lines.get()) is not None:
            yield line

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)


class Engine:
    """Stands in for Docker's client: `images` and `containers` are itself."""

    def __init__(
        self, python: Path, fetch: Fetch, surroundings: Callable[[Mapping[str, str], Variables], Variables]
    ) -> None:
        """`surroundings` is the environment of a container with such labels, which was given such a one."""
        self.images = self.containers = self
        self._python = python
        self._fetch = fetch
        self._surroundings = surroundings
        self._known: dict[str, Container] = {}
        self._contexts: dict[str, Path] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Container:
        """The container with that id; KeyError."""
        return self._known[name]

    def run(
        self,
        image: str,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        **_options: Any,
    ) -> Container:
        """Start a container; NoImage, NotCopying."""
        context = self._context(image)
        recipe = dockerfile.read((context / "Dockerfile").read_text(encoding="utf-8"))
        binary, *arguments = [*recipe.entrypoint, *(command or [])]
        # No host's variable, and the image's own before the task's, as Docker has it.
        own = {name: recipe.on_host(value, context) for name, value in recipe.environment.items()}
        given = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", **own}
        process = subprocess.Popen(
            # -S: none of the interpreter's own packages.
            [str(self._python), "-S", *arguments] if binary == "python" else [binary, *arguments],
            env=self._surroundings(labels or {}, {**given, **(environment or {})}),
            cwd=recipe.on_host(recipe.directory, context),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        container = Container(process, labels or {})
        self._known[container.id] = container
        return container

    def list(self, **_options: Any) -> Sequence[Container]:
        """All containers, running or not."""
        return [*self._known.values()]

    def _context(self, image: str) -> Path:
        """The image's context, unpacked once."""
        with self._lock:
            if image not in self._contexts:
                address, _, tag = image.rpartition(":")
                bucket, _, repository = address.partition("/")
                content = self._fetch(bucket, f"{repository}/{tag}.zip")
                if content is None:
                    raise NoImage(f"{image} is no image that was built for this cloud")
                folder = Path(tempfile.mkdtemp(prefix="image-"))
                with zipfile.ZipFile(io.BytesIO(content)) as zipped:
                    zipped.extractall(folder)
                self._contexts[image] = folder
            return self._contexts[image]


def endpoint() -> str:
    """This server's address, as a process of this machine sees it."""
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
