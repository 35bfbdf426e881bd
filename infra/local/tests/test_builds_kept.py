"""Builds when the server stops, and when their time is over."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from build_projects import SIMPLE, Projects
from stack import Client, Wait

from localcloud import LocalCloud, environments

SOURCE = Path(__file__).resolve().parents[1] / "src"
# A minute of a build's time-outs is a tenth of a second.
SERVER = """
import sys
from localcloud import launcher
from localcloud.builds import work
work.MINUTE_SECONDS = 0.1
launcher.main(sys.argv[1:])
"""


def account(endpoint: str) -> Client:
    session: Any = boto3.Session("000000000000", "local", region_name="eu-central-1")

    def client(name: str, **options: Any) -> Any:
        return session.client(name, endpoint_url=endpoint, **options)

    return client


def test_what_was_built_is_kept_and_what_was_being_built_is_over(
    root: Path, tmp_path: Path, eventually: Wait
) -> None:
    (tmp_path / ".wotr").mkdir()
    (tmp_path / ".wotr" / "environments").symlink_to(root / ".wotr" / "environments")
    noted = tmp_path / "pid"
    with LocalCloud(tmp_path, persist=True) as first:
        projects = Projects(account(first.endpoint), eventually)
        project = projects.project(SIMPLE)
        done = projects.ended(projects.start(project))
        slow = f"version: 0.2\nphases: {{build: {{commands: ['echo $$ >{noted}; sleep 300']}}}}\n"
        build = projects.start(projects.project(slow))
        eventually(lambda: noted.exists() and noted.read_text().strip())
    process = Path("/proc") / noted.read_text().strip()
    eventually(lambda: not process.exists())
    with LocalCloud(tmp_path, persist=True) as second:
        again = Projects(account(second.endpoint), eventually)
        assert again.told(done.told["id"])["phases"] == done.told["phases"]
        interrupted = again.ended(build)
        assert interrupted.status == "FAULT"
        assert interrupted.why("BUILD").endswith("the local cloud stopped while this build ran")
        assert again.told(again.start(project))["buildNumber"] == 2
        left = tmp_path / ".wotr" / "state" / "builds" / build.partition(":")[2]
        assert not left.exists()


@pytest.fixture
def hasty(root: Path, tmp_path: Path, eventually: Wait) -> Iterator[Projects]:
    """A cloud on which a build's minute is short."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    made = environments.prepare(root / ".wotr" / "environments")
    endpoint = f"http://127.0.0.1:{port}"
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "PYTHONPATH": str(SOURCE),
        "AUTH": "true",
    }
    settings |= {"DOCKER_HOST": f"unix://{tmp_path}/none", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
    settings |= {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    settings |= {"MINISTACK_REGION": "eu-central-1"}
    options = ["--functions-python", str(made.functions), "--temporary", str(tmp_path)]
    (tmp_path / "build-variables.json").write_text("{}", encoding="utf-8")
    server = subprocess.Popen(
        [made.server, "-c", SERVER, *options, "--workspace", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=settings,
        start_new_session=True,
    )
    try:
        eventually(lambda: answers(endpoint), 30)
        yield Projects(account(endpoint), eventually)
    finally:
        server.kill()
        server.wait()


def answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2):
            return True
    except OSError:
        return False


def test_a_build_whose_time_is_over_ends_where_it_is(hasty: Projects) -> None:
    slow = "version: 0.2\nphases: {build: {commands: [sleep 300]}, post_build: {commands: [echo never]}}\n"
    before = time.monotonic()
    built = hasty.build(slow, timeoutInMinutes=5)
    assert time.monotonic() - before < 30
    assert (built.status, built.phases["BUILD"]) == ("TIMED_OUT", "TIMED_OUT")
    assert built.why("BUILD") == "BUILD_TIMED_OUT Build has timed out: it had 5 minutes"
    assert "POST_BUILD" not in built.phases


def test_a_build_that_waits_too_long_ends_there(hasty: Projects) -> None:
    large = {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_LARGE"}
    slow = "version: 0.2\nphases: {build: {commands: [sleep 300]}}\n"
    project = hasty.project(slow, environment=large, queuedTimeoutInMinutes=5, timeoutInMinutes=2000)
    builds = [hasty.start(project) for _ in range(max(2, (os.cpu_count() or 2) // 2) + 1)]
    waited = hasty.ended(builds[-1])
    assert (waited.status, waited.phases["QUEUED"]) == ("TIMED_OUT", "TIMED_OUT")
    assert waited.why("QUEUED") == "BUILD_TIMED_OUT Build waited 5 minutes for its turn"
