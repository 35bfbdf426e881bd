"""Start, watch and stop one MiniStack server.

The server is a child in a session of its own. It holds the read end of a pipe whose write end
only this process has: when this process ends in whatever way, even by SIGKILL, the pipe closes
and the server shuts itself down. That works on Linux and macOS alike.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from localcloud import environments, workspace
from localcloud.errors import LocalCloudError

DEFAULT_PORT = 4566
DEFAULT_REGION = "eu-central-1"
# A 12-digit key is its own account's root user on MiniStack, with any secret. This one is also
# the account of calls that carry no signature.
ACCOUNT = "000000000000"

_START_SECONDS = 60
# The server ends itself within 16 seconds, but for a large state that it is still saving.
_STOP_SECONDS = 300
_PACKAGE_ROOT = Path(__file__).resolve().parents[1]
# Where builds find programs, and where their package managers find packages.
_FOR_BUILDS = re.compile(
    r"PATH|LANG|(PIP|UV)_\w+|(SSL_CERT|REQUESTS|CURL|NODE)_\w+|(https?|no|all)_proxy", re.IGNORECASE
)
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


class LocalCloud:
    """An AWS endpoint on 127.0.0.1 with IAM enforced; a context manager that starts and stops it.

    ``root`` is the project: everything is kept under ``<root>/.wotr``. ``port`` None means 4566
    or, where that is taken, any free one. ``persist`` keeps all state across restarts,
    under the name ``state``: clouds of different names know nothing of each other.
    ``python`` is the interpreter that functions run on. ``without`` leaves gaps of that name
    unbridged, which is how their contract tests are shown to be worth something. ``faults`` lets
    faults be injected, see ``localcloud.faults``; ``record`` notes which calls each role made, see
    ``localcloud.recording``. ``minute``: seconds that a minute takes of alarms' periods and of
    traffic that is shifted, for whoever wants to see them come and go sooner.
    """

    def __init__(
        self,
        root: Path,
        *,
        port: int | None = None,
        region: str = DEFAULT_REGION,
        persist: bool = False,
        state: str = "state",
        python: str | None = None,
        uv: str | None = None,
        without: Iterable[str] = (),
        faults: bool = False,
        minute: float = 60.0,
        record: bool = False,
    ) -> None:
        self.home = root.resolve() / ".wotr"
        self.region = region
        self.persist = persist
        self._state = state
        self.port = port or 0
        self._wanted_port = port
        self._python = python
        self._uv = uv
        self._without = tuple(without)
        self._minute = minute
        self._asked = [option for option, asked in (("--faults", faults), ("--record", record)) if asked]
        self._process: subprocess.Popen[bytes] | None = None
        self._workspace: workspace.Workspace | None = None

    @property
    def endpoint(self) -> str:
        """The address of every AWS API, e.g. ``http://127.0.0.1:4566``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def repositories(self) -> Path:
        """Where the bare repositories lie that connections lead to: ``OWNER/NAME.git``."""
        if self._workspace is None:
            raise LocalCloudError("this local cloud is not running")
        return self._workspace.kept / "repositories"

    @property
    def log(self) -> Path:
        """The server's log: requests, functions' output, deployments."""
        return self.home / "logs" / f"local-cloud-{self.port}.log"

    @property
    def pid(self) -> int | None:
        """Process id of the running server, None when it is stopped."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables that make an AWS SDK or CLI talk to this cloud and to nothing else.

        With ``base`` (usually ``os.environ``): a copy of it without the host's own AWS and proxy
        settings, plus these.
        """
        kept = {
            name: value
            for name, value in (base or {}).items()
            if not name.startswith("AWS_") and name.lower() not in _PROXIES
        }
        return kept | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def start(self) -> Self:
        """Start the server and return when it answers.

        Raises LocalCloudError with the end of the log when it does not come up.
        """
        if self.pid is not None:
            raise LocalCloudError(f"this local cloud is running already, at {self.endpoint}")
        made = environments.prepare(self.home / "environments", python=self._python, uv=self._uv)
        self._workspace = workspace.claim(self.home, persist=self.persist, name=self._state)
        try:
            self._start(made)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server, keeping its state if ``persist``; afterwards none of its processes is left."""
        process, self._process = self._process, None
        if process is not None:
            try:
                # BrokenPipeError: it has ended. TimeoutExpired: it is killed below, with all that it started.
                with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
                    process.communicate(b"stop", timeout=_STOP_SECONDS)
            finally:
                _kill_group(process)
        claimed, self._workspace = self._workspace, None
        if claimed is not None:
            claimed.release()

    def wait(self) -> None:
        """Block while the server runs; LocalCloudError if it ends without having been told to."""
        if self._process is None:
            raise LocalCloudError("this local cloud is not running")
        self._process.wait()
        raise LocalCloudError(f"the local cloud ended by itself. The end of {self.log}:\n{self._tail()}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, made: environments.Environments) -> None:
        assert self._workspace is not None
        # Queue URLs in the kept state name the port that they were made on.
        fixed = self._wanted_port or self._workspace.last_port()
        for candidate in [fixed] if fixed else [DEFAULT_PORT, 0, 0]:
            port = _free_port(candidate)
            if port is None:
                continue
            self.port = port
            nonce = secrets.token_hex(8)
            self._spawn(made, nonce)
            if self._comes_up(nonce):
                self._workspace.remember_port(port)
                return
        why = "" if self._wanted_port else ", and the kept state belongs to it"
        raise LocalCloudError(f"port {fixed} is taken{why}: stop what listens there and start again")

    def _spawn(self, made: environments.Environments, nonce: str) -> None:
        assert self._workspace is not None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        variables = {name: value for name, value in os.environ.items() if _FOR_BUILDS.fullmatch(name)}
        (self._workspace.temporary / "build-variables.json").write_text(
            json.dumps(variables), encoding="utf-8"
        )
        command = [str(made.server), "-m", "localcloud.launcher", "--functions-python", str(made.functions)]
        command += ["--temporary", str(self._workspace.temporary)]
        command += ["--workspace", str(self._workspace.kept)]
        command += ["--minute", str(self._minute)]
        command += [option for name in self._without for option in ("--without", name)]
        command += self._asked
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._workspace.temporary,
                env=self._server_environment(nonce),
                start_new_session=True,
                pass_fds=self._workspace.locks,
            )

    def _server_environment(self, nonce: str) -> dict[str, str]:
        """Return the whole environment of the server: nothing of the host's leaks in."""
        assert self._workspace is not None
        temporary = str(self._workspace.temporary)
        settings = {
            "PATH": "/usr/bin:/bin",
            "HOME": temporary,
            "TMPDIR": temporary,
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(_PACKAGE_ROOT),
            # Never touch a Docker engine that happens to run on this machine.
            "DOCKER_HOST": f"unix://{temporary}/no-docker.sock",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": self.region,
            # Comes back in the health answer: another server on this port is not mistaken for ours.
            "MINISTACK_EDITION": nonce,
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        state = self._workspace.state
        if state is not None:
            settings |= {"PERSIST_STATE": "1", "STATE_DIR": str(state / "services")}
            settings |= {"S3_PERSIST": "1", "S3_DATA_DIR": str(state / "s3")}
        return settings

    def _comes_up(self, nonce: str) -> bool:
        """Wait for health. False means that somebody else took the port first."""
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                tail = self._tail()
                if "already in use" in tail.lower():
                    return False
                raise LocalCloudError(f"the local cloud ended while starting. The end of {self.log}:\n{tail}")
            if _edition(self.endpoint) == nonce:
                return True
            time.sleep(0.02)
        raise LocalCloudError(
            f"the local cloud gave no answer in {_START_SECONDS} s. The end of {self.log}:\n{self._tail()}"
        )

    def _tail(self, lines: int = 25) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:]) or "(empty)"


def _edition(endpoint: str) -> str | None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return str(json.load(answer).get("edition"))
    except (OSError, ValueError):
        return None


def _free_port(wanted: int) -> int | None:
    """Return ``wanted`` (0: any) if it can be bound on the loopback address now, else None."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return None
        port: int = probe.getsockname()[1]
        return port


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the server's session: a function that ignores signals must not outlive it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
