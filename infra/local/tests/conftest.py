"""One local cloud for the whole run, and what every contract test needs to talk to it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from stack import Client, Deploy, Invoke, Stack, Wait, deploy

from localcloud import LocalCloud
from localcloud.gaps import GAPS

ROOT = Path(__file__).resolve().parents[3]
# An alarm's minute: alarms come and go while a test waits.
MINUTE_SECONDS = 1.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-gap",
        action="append",
        default=[],
        choices=GAPS,
        help="leave this gap unbridged: its contract test must fail then",
    )


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project directory of the tests' own; the environments are shared with the real one."""
    directory = tmp_path_factory.mktemp("project")
    (directory / ".wotr").mkdir()
    shared = ROOT / ".wotr" / "environments"
    shared.mkdir(parents=True, exist_ok=True)
    (directory / ".wotr" / "environments").symlink_to(shared)
    return directory


@pytest.fixture(scope="session")
def cloud(root: Path, pytestconfig: pytest.Config) -> Iterator[LocalCloud]:
    with LocalCloud(root, without=pytestconfig.getoption("--without-gap"), minute=MINUTE_SECONDS) as running:
        yield running


@pytest.fixture(scope="session")
def client(cloud: LocalCloud) -> Iterator[Client]:
    """AWS clients of the account's root user."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(cloud.environment(before))
    session = boto3.Session()
    make: Client = session.client
    yield make
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def stack(client: Client) -> Deploy:
    """Deploy a template (a dictionary) through CloudFormation and return what came of it."""

    def make(resources: dict[str, Any], **template: Any) -> Stack:
        return deploy(client, {"Resources": resources} | template)

    return make


@pytest.fixture
def invoke(client: Client) -> Invoke:
    """Call a function and return (its answer, whether it failed)."""

    def call(function: str, event: Any = None, **options: Any) -> tuple[Any, bool]:
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(event), **options)
        return json.load(answer["Payload"]), "FunctionError" in answer

    return call


@pytest.fixture
def eventually() -> Wait:
    """Call until the answer is truthy; what is delivered in the background needs a moment."""

    def wait(question: Callable[[], Any], seconds: float = 10) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < deadline, f"nothing came of it within {seconds} s"
            time.sleep(0.02)
        return answer

    return wait
