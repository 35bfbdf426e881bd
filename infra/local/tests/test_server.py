"""Starting, stopping and surviving: the server as a process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from stack import Client, Wait, deploy, function, role

from localcloud import LocalCloud, LocalCloudError, server

SOURCE = Path(__file__).resolve().parents[1] / "src"

Command = tuple[subprocess.Popen[str], dict[str, Any]]

BUSY = """
import signal, time
def handler(event, context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("busy", flush=True)
    time.sleep(120)
"""
ENVIRONMENT = "import os\ndef handler(event, context): return dict(os.environ)\n"


def client_of(environment: dict[str, str]) -> Client:
    """Clients for a cloud that is not the session's."""
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    quick = Config(retries={"total_max_attempts": 1}, read_timeout=20)
    make: Client = session.client
    return lambda name: make(name, endpoint_url=environment["AWS_ENDPOINT_URL"], config=quick)


def group_is_gone(leader: int) -> bool:
    """Whether no process of the server's session is left."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return True
    return False


def call_busy(client: Client, name: str) -> None:
    with contextlib.suppress(ClientError, ConnectionError, BotoCoreError):
        client("lambda").invoke(FunctionName=name)


@pytest.fixture
def own_root(root: Path, tmp_path: Path) -> Path:
    """A project directory without any state, with the environments that are there already."""
    (tmp_path / ".wotr").mkdir()
    (tmp_path / ".wotr" / "environments").symlink_to((root / ".wotr" / "environments").resolve())
    return tmp_path


@pytest.fixture
def command(cloud: LocalCloud, own_root: Path) -> Iterator[Command]:
    """``python -m localcloud run`` with a function in the middle of a call that ignores SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-m", "localcloud", "run", "--root", str(own_root)],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    running = json.loads(process.stdout.readline())
    client = client_of(running["environment"])
    made = deploy(client, {"Resources": {"Role": role(), "Busy": function(BUSY, Timeout=120)}})
    client("lambda").invoke(FunctionName=made.ids["Busy"], InvocationType="Event", Payload=b"{}")
    yield process, running
    process.kill()
    process.wait()
    process.stdout.close()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running["pid"], signal.SIGKILL)


def worker_runs(own_root: Path) -> bool:
    return any((own_root / ".wotr" / "run").glob("*/ministack-lambda-*/code/index.py"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_all_its_processes_and_files(
    command: Command, own_root: Path, eventually: Wait, how: signal.Signals
) -> None:
    process, running = command
    eventually(lambda: worker_runs(own_root))
    process.send_signal(how)
    assert process.wait(20) == 0
    assert group_is_gone(running["pid"])
    assert list((own_root / ".wotr" / "run").iterdir()) == []


def test_it_goes_away_when_its_parent_was_killed(command: Command, own_root: Path, eventually: Wait) -> None:
    process, running = command
    eventually(lambda: worker_runs(own_root))
    process.kill()
    eventually(lambda: group_is_gone(running["pid"]), seconds=20)
    assert list((own_root / ".wotr" / "run").iterdir()) == []


def test_what_a_killed_server_left_behind_is_cleared_by_the_next(
    command: Command, own_root: Path, eventually: Wait
) -> None:
    process, running = command
    process.send_signal(signal.SIGSTOP)  # or it would clear up itself
    os.killpg(running["pid"], signal.SIGKILL)
    process.kill()
    process.wait()
    eventually(lambda: group_is_gone(running["pid"]))
    [left] = (own_root / ".wotr" / "run").iterdir()
    with LocalCloud(own_root):
        assert not left.exists()


def test_a_taken_port_is_avoided_or_named(cloud: LocalCloud, own_root: Path) -> None:
    assert cloud.pid is not None
    with LocalCloud(own_root) as other:
        assert other.port != cloud.port
    with pytest.raises(LocalCloudError, match=f"port {cloud.port} is taken"):
        LocalCloud(own_root, port=cloud.port).start()


def test_two_that_start_at_once_both_come_up(
    cloud: LocalCloud, own_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        # Both find it free and only one gets it.
        monkeypatch.setattr(server, "DEFAULT_PORT", probe.getsockname()[1])
    other_root = own_root / "other"
    (other_root / ".wotr").mkdir(parents=True)
    (other_root / ".wotr" / "environments").symlink_to((own_root / ".wotr" / "environments").resolve())
    clouds = [LocalCloud(own_root), LocalCloud(other_root)]
    try:
        with ThreadPoolExecutor() as starting:
            list(starting.map(LocalCloud.start, clouds))
        assert len({cloud.port, *(each.port for each in clouds)}) == 3
    finally:
        for each in clouds:
            each.stop()


def test_it_listens_on_the_loopback_address_only(cloud: LocalCloud) -> None:
    with socket.create_connection(("127.0.0.1", cloud.port)):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", cloud.port), timeout=1)


def test_a_start_that_fails_shows_the_end_of_the_log(own_root: Path) -> None:
    with pytest.raises(LocalCloudError, match="no gap is called nonsense"):
        LocalCloud(own_root, without=["nonsense"]).start()
    assert list((own_root / ".wotr" / "run").iterdir()) == []


def test_nothing_of_the_hosts_settings_reaches_a_function(
    own_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = LocalCloud(own_root)
    with monkeypatch.context() as host:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTPS_PROXY", "SOME_SECRET"):
            host.setenv(name, "host")
        handed_on = cloud.environment(os.environ)
        cloud.start()
    try:
        client = client_of(cloud.environment())
        made = deploy(client, {"Resources": {"Role": role(), "Shows": function(ENVIRONMENT)}})
        seen = json.load(client("lambda").invoke(FunctionName=made.ids["Shows"])["Payload"])
    finally:
        cloud.stop()
    assert "host" not in seen.values()
    assert not {"PYTHONPATH", "HTTPS_PROXY", "AWS_PROFILE"} & set(seen)
    assert seen["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTPS_PROXY"} & set(handed_on)
    assert handed_on["SOME_SECRET"] == "host"  # pragma: allowlist secret - a word to look for


def test_kept_state_answers_after_a_restart(own_root: Path, eventually: Wait) -> None:
    answers = "def handler(event, context): return {'statusCode': 200, 'body': 'here'}\n"
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Answers.Arn}/invocations"
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": uri}}
    body = {
        "openapi": "3.0.1",
        "info": {"title": "kept", "version": "1"},
        "paths": {"/": {"get": {"x-amazon-apigateway-integration": integration}}},
    }
    resources = {
        "Role": role(),
        "Answers": function(answers),
        "Busy": function(BUSY, Timeout=120),
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "v1"},
        },
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Answers"},
                "Principal": "apigateway.amazonaws.com",
            },
        },
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            },
        },
    }
    first = LocalCloud(own_root, persist=True)
    with first:
        client = client_of(first.environment())
        made = deploy(client, {"Resources": resources})
        ids = made.ids
        client("dynamodb").put_item(TableName=ids["Table"], Item={"pk": {"S": "kept"}})
        client("s3").put_object(Bucket=ids["Bucket"], Key="kept", Body=b"kept")
        client("sqs").send_message(QueueUrl=ids["Queue"], MessageBody="kept")
        with pytest.raises(LocalCloudError, match="another local cloud is using"):
            LocalCloud(own_root, persist=True).start()
        # A call that is being answered must not keep the state from being saved.
        caller = threading.Thread(target=call_busy, args=(client, ids["Busy"]))
        caller.start()
        eventually(lambda: worker_runs(own_root))
    caller.join()

    with LocalCloud(own_root, persist=True) as second:
        assert second.port == first.port
        client = client_of(second.environment())
        item = client("dynamodb").get_item(TableName=ids["Table"], Key={"pk": {"S": "kept"}})
        assert item["Item"] == {"pk": {"S": "kept"}}
        assert client("s3").get_object(Bucket=ids["Bucket"], Key="kept")["Body"].read() == b"kept"
        assert client("sqs").receive_message(QueueUrl=ids["Queue"])["Messages"][0]["Body"] == "kept"
        assert client("cloudformation").describe_stacks(StackName=made.name)["Stacks"][0]["StackStatus"]
        url = f"{second.endpoint}/_aws/execute-api/{ids['Api']}/v1/"
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"here"
    shutil.rmtree(own_root / ".wotr" / "state")
    with LocalCloud(own_root, persist=True) as third:
        assert client_of(third.environment())("dynamodb").list_tables()["TableNames"] == []
