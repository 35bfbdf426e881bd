"""State is saved whole on stopping, however long that takes and whatever still runs meanwhile."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.request
from pathlib import Path

import boto3
from stack import Wait

from localcloud import environments

SOURCE = Path(__file__).resolve().parents[1] / "src"
# Saving takes ten times as long as the server is given to stop, and the queues change once meanwhile.
SERVER = """
import sys, time
import ministack.app as app
from localcloud import launcher
from ministack.services import sqs
save_all, get_state, changes = app.save_all, sqs.get_state, ["once"]
def slow(services):
    time.sleep(2)
    save_all(services)
def changing():
    if changes:
        changes.pop()
        raise RuntimeError("dictionary changed size during iteration")
    return get_state()
app.save_all, sqs.get_state = slow, changing
launcher._GRACE_SECONDS = launcher._SHUTDOWN_SECONDS = launcher._END_SECONDS = 0.2
launcher.main(sys.argv[1:])
"""


def test_stopping_waits_for_the_state(root: Path, tmp_path: Path, eventually: Wait) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    made = environments.prepare(root / ".wotr" / "environments")
    settings = {"PERSIST_STATE": "1", "STATE_DIR": str(tmp_path / "state"), "TMPDIR": str(tmp_path)}
    settings |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "PYTHONPATH": str(SOURCE)}
    settings |= {"DOCKER_HOST": f"unix://{tmp_path}/none", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
    (tmp_path / "temporary").mkdir()
    (tmp_path / "temporary" / "build-variables.json").write_text("{}", encoding="utf-8")
    options = ["--functions-python", str(made.functions), "--temporary", str(tmp_path / "temporary")]
    options += ["--workspace", str(tmp_path / "workspace")]
    endpoint = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [made.server, "-c", SERVER, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | settings,
        start_new_session=True,
    )
    try:
        eventually(lambda: answers(endpoint))
        session = boto3.Session("000000000000", "local", region_name="eu-central-1")
        session.client("sqs", endpoint_url=endpoint).create_queue(QueueName="kept")
        server.communicate(b"stop", timeout=60)
    finally:
        server.kill()
        server.wait()
    assert "kept" in (tmp_path / "state" / "sqs.json").read_text(encoding="utf-8")


def answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2):
            return True
    except OSError:
        return False
